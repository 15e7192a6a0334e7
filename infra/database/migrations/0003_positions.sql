-- Storage sends all of a batch's transaction before it hears an answer: that its position was not where it had left it must
-- then be an error, which ends the transaction, and not a count of rows that it would have to look at.
create function must_be_one(count bigint) returns void language plpgsql as $$
begin
  if count <> 1 then
    raise exception 'expected to change one row, and changed %', count using errcode = 'HF001';
  end if;
end $$;
