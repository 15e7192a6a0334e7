#!/bin/bash
# The image runs this once, when the primary's data is made: the user and the database of the functions, and the replica's user
# and place. What the primary keeps for a replica that stays away is bounded by max_slot_wal_keep_size.
set -e
psql -v ON_ERROR_STOP=1 -v password="$POSTGRES_PASSWORD" --no-psqlrc --username "$POSTGRES_USER" --dbname postgres <<'SQL'
create role hft login password :'password';
create database hft owner hft;
create role replicator login replication password :'password';
select pg_create_physical_replication_slot('replica', true);
SQL
echo 'host replication replicator all scram-sha-256' >> "$PGDATA/pg_hba.conf"
