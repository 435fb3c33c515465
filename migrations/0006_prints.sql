-- What was last seen in each field of a pair, as keyed hashes: the base of a three-way comparison.
drop table if exists prints;
create table prints (
  record     integer not null,
  field      text    not null,              -- HubSpot's name
  hubspot    integer,                       -- null: never seen
  salesforce integer,
  primary key (record, field)
) strict, without rowid;
