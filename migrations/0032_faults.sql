-- One code may serve two faults of one field: predictions of them are told apart as their causes are.
drop table if exists forecasts;
create table forecasts (
  side          text    not null,           -- the side that was written
  object        text    not null,
  code          text    not null,           -- raw, as predicted
  field         text    not null,           -- by the target's name; '' when none is named
  rule          text    not null,           -- key of the words that tell the fault; '' when none do
  sent          integer not null,
  accepted      integer not null check (accepted between 0 and sent),
  last_seq      integer not null,           -- the entry that last added one
  last_accepted integer not null,           -- what that said
  last_at       integer not null,           -- when, Unix ms
  primary key (side, object, code, field, rule)
) strict, without rowid;
