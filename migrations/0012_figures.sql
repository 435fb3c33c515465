-- Sums that would cost a reading of the journal, kept by blocks of seq.
drop table if exists synced;
create table synced (
  block   integer not null,                 -- seq / 256
  object  text    not null,
  side    text    not null,                 -- the side written to
  records integer not null,
  primary key (block, object, side)
) strict, without rowid;

-- Every change of a record's state that enters or leaves failing.
drop table if exists turns;
create table turns (
  seq     integer not null,
  record  integer not null,
  object  text    not null,
  failing integer not null check (failing in (0, 1)),
  primary key (seq, record)
) strict, without rowid;
