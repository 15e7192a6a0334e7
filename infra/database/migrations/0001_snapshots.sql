-- What storage writes and analytics reads. Days are those of UTC: its midnight is 05:30 in Kolkata, when no market is open.
-- Numbers are double precision, as JSON's are: what was written comes back with every bit.

create type option_type as enum ('CE', 'PE');
create type iv_source as enum ('feed', 'mid', 'last');
create type buildup_type as enum ('long_buildup', 'short_buildup', 'long_unwinding', 'short_covering', 'neutral');

-- Where a group stands in a partition, written in the transaction of the rows themselves: what is redelivered lies before
-- next_offset, and an owner that has lost its partition has an epoch below this one.
create table partition_positions (
  group_id     text not null,
  topic        text not null,
  partition    integer not null check (partition >= 0),
  next_offset  bigint not null check (next_offset >= 0),
  epoch        bigint not null,
  updated_at   timestamptz not null default now(),
  primary key (group_id, topic, partition)
) with (fillfactor = 50); -- a row changes at every batch: its new version fits beside it, and no index is touched

do $$
declare
  -- Hypertables where TimescaleDB is installed in this database, else partitions by range.
  timescale constant boolean := exists (select from pg_extension where extname = 'timescaledb');
  by_day constant text := case when timescale then '' else 'partition by range (snapshot_at)' end;
begin
  execute format($table$
    create table snapshots (
      symbol_id         bigint not null,
      snapshot_at       timestamptz not null,
      source_offset     bigint not null,
      source_partition  integer not null,
      expiry            date not null,
      spot_price        double precision not null,
      spot_change       double precision,
      spot_change_pct   double precision,
      atm_strike        double precision,
      atm_iv            double precision,
      days_to_expiry    double precision,
      lot_size          double precision,
      total_call_oi     double precision,
      total_put_oi      double precision,
      total_call_volume double precision,
      total_put_volume  double precision,
      pcr_ratio         double precision,
      max_pain_strike   double precision,
      pcr_oi            double precision,
      pcr_volume        double precision,
      max_pain          double precision,
      gex_net           double precision,
      gex_call          double precision,
      gex_put           double precision,
      gex_call_wall     double precision,
      gex_put_wall      double precision,
      gex_zero_gamma    double precision,
      skew_put_iv       double precision,
      skew_call_iv      double precision,
      iv_skew           double precision,
      basis             double precision, -- null: there was no future, and the next four are null with it
      basis_pct         double precision,
      fair_value        double precision,
      mispricing        double precision,
      annualised_pct    double precision,
      vix_divergence    double precision,
      symbol            text not null,
      given_timestamp   text not null,    -- as it came: ISO 8601, or milliseconds since the epoch
      primary key (symbol_id, expiry, snapshot_at)
    ) %s $table$, by_day);

  -- The options of a snapshot, written in its transaction. They have no key of their own: a snapshot's key is one, its
  -- options are unique by the contract, and an index of every row would double what a write costs. In this one the
  -- options of a snapshot share an entry.
  execute format($table$
    create table snapshot_options (
      symbol_id    bigint not null,
      snapshot_at  timestamptz not null,
      strike       double precision not null,
      ltp          double precision,
      bid          double precision,
      ask          double precision,
      volume       double precision,
      oi           double precision,
      iv           double precision,
      price        double precision,
      delta        double precision,
      gamma        double precision,
      theta        double precision,
      vega         double precision,
      rho          double precision,
      intrinsic    double precision,
      time_value   double precision,
      oi_pct       double precision,
      volume_pct   double precision,
      oi_change    double precision,
      expiry       date not null,
      option_type  option_type not null,
      iv_source    iv_source,
      buildup_type buildup_type,
      illiquid     boolean not null
    ) %s $table$, by_day);
  create index snapshot_options_snapshot on snapshot_options (symbol_id, expiry, snapshot_at);

  if timescale then
    perform create_hypertable('snapshots'::regclass, 'snapshot_at'::name, chunk_time_interval => interval '1 day');
    perform create_hypertable('snapshot_options'::regclass, 'snapshot_at'::name, chunk_time_interval => interval '1 day');
  else
    -- Takes what belongs to a day that nobody made: a write never fails for want of a partition.
    create table snapshots_default partition of snapshots default;
    create table snapshot_options_default partition of snapshot_options default;
  end if;
end $$;

-- Makes the partitions of the days from first to last, where they are missing, and moves in what the default one held of
-- them. Gives the count of those made. Does nothing on hypertables, which make their own.
create function ensure_days(first date, last date) returns integer language plpgsql as $$
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
        made := made + 1;
      end if;
    end loop;
  end loop;
  return made;
end $$;

-- The first instant of a day of UTC.
create function utc_day(day date) returns timestamptz language sql immutable as $$
  select day::timestamp at time zone 'UTC'
$$;

-- Drops every day before this one, also what the default partition holds of them. Gives the count of partitions dropped.
create function drop_days(before date) returns integer language plpgsql as $$
declare
  parent text;
  child text;
  chunks integer;
  dropped integer := 0;
begin
  foreach parent in array array['snapshots', 'snapshot_options'] loop
    if exists (select from pg_extension where extname = 'timescaledb') then
      execute format('select count(*) from drop_chunks(%L::regclass, older_than => %L::timestamptz)',
        parent, utc_day(before)) into chunks;
      dropped := dropped + chunks;
      continue;
    end if;
    for child in
      select relname from pg_inherits join pg_class on pg_class.oid = inhrelid
      where inhparent = parent::regclass and relname ~ '_[0-9]{8}$' and right(relname, 8) < to_char(before, 'YYYYMMDD')
    loop
      execute format('drop table %I', child);
      dropped := dropped + 1;
    end loop;
    execute format('delete from %I where snapshot_at < %L', parent || '_default', utc_day(before));
  end loop;
  return dropped;
end $$;
