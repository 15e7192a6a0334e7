#!/bin/bash
# A replica is a copy of the primary that goes on following it. The copy has its name only once it is whole: one that was
# interrupted is made anew.
set -e
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  rm -rf "$PGDATA.copy"
  pg_basebackup --dbname "host=$PRIMARY_HOST port=5432 user=replicator password=$POSTGRES_PASSWORD" --pgdata "$PGDATA.copy" \
    --wal-method stream --slot replica --checkpoint fast --write-recovery-conf
  mv "$PGDATA.copy" "$PGDATA"
fi
exec docker-entrypoint.sh "$@"
