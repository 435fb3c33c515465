-- What governs us now: the last event of each kind, as it was journaled.
drop table if exists settings;
create table settings (
  name    text not null,                    -- kind of the event
  part    text not null,                    -- object or side it is about; '' for none
  payload text not null check (json_valid(payload)),
  seq     integer not null,
  at      integer not null,                 -- Unix ms
  primary key (name, part)
) strict, without rowid;
