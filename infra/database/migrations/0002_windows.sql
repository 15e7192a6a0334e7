-- What a window takes of each of its snapshots stands in the key's index, so that it is read from the few pages on which an
-- index keeps the snapshots of a symbol and expiry together: in the table each lies on a page of its own.
alter table snapshots drop constraint snapshots_pkey;
alter table snapshots add primary key (symbol_id, expiry, snapshot_at)
  include (source_partition, source_offset, spot_price, atm_iv);

-- An index answers alone for pages that a vacuum has seen since they were written. By default that waits for a fifth of the
-- day's snapshots, the latest, which every window begins with; so it comes each time a thousand are new. Nothing is deleted
-- here, so a vacuum reads the new pages and no index.
create function vacuum_windows(day regclass) returns void language plpgsql as $$
begin
  execute format('alter table %s set (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 1000)', day);
end $$;

-- A partitioned table itself takes no such setting, its days do. Of a hypertable, all chunks take it.
select vacuum_windows(relation) from (
  select inhrelid::regclass from pg_inherits where inhparent = 'snapshots'::regclass
  union all
  select oid::regclass from pg_class where oid = 'snapshots'::regclass and relkind = 'r'
) days (relation);

-- As before, and with that setting on the days of snapshots. Makes the partitions of the days from first to last, where they are missing, and moves in what the default one held of
-- them. Gives the count of those made. Does nothing on hypertables, which make their own.
create or replace function ensure_days(first date, last date) returns integer language plpgsql as $$
declare
  parent text;
  day date;
  child text;
  made integer := 0;
begin
  if exists (select from pg_extension where extname = 'timescaledb') then return 0; end if;
  perform pg_advisory_xact_lock(hashtext('hft-engine days')); -- one at a time
  foreach parent in array array['snapshots', 'snapshot_options'] loop
    for day in select generate_series(first, last, interval '1 day')::date loop
      child := parent || '_' || to_char(day, 'YYYYMMDD');
      if to_regclass(child) is null then
        -- A writer chooses the partition of a row when it has the lock of the parent: without this one it could choose the
        -- default partition, wait for us, and be refused, since the day is another's by then.
        if made = 0 then lock table only snapshots, only snapshot_options in share row exclusive mode; end if;
        execute format('create table %I (like %I including defaults including constraints)', child, parent);
        execute format('with moved as (delete from %I where snapshot_at >= %L and snapshot_at < %L returning *)
          insert into %I select * from moved', parent || '_default', utc_day(day), utc_day(day + 1), child);
        execute format('alter table %I attach partition %I for values from (%L) to (%L)',
          parent, child, utc_day(day), utc_day(day + 1));
        if parent = 'snapshots' then perform vacuum_windows(child::regclass); end if;
        made := made + 1;
      end if;
    end loop;
  end loop;
  return made;
end $$;
