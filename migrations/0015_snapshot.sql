-- What was read ahead of whole forms of Salesforce, so that a large load is matched without asking
-- for its records one list at a time. It goes with the load, and every start clears it; a record's
-- rows can be erased by its id.
create table snapshot_rows (
  object text not null,
  id     text not null,
  mark   text,                              -- what its id field says, in small letters; null for nothing
  key    text,                              -- what it is matched by, as both sides compare it
  record text not null check (json_valid(record)),
  primary key (object, id)
) strict, without rowid;
create index snapshot_rows_by_mark on snapshot_rows (object, mark) where mark is not null;
create index snapshot_rows_by_key on snapshot_rows (object, key) where key is not null;

-- What moved since it was asked for, by whatever it may be looked for: that is read anew. A record
-- may stand here several times, as what it showed at different times.
create table snapshot_moved (
  object text not null,
  id     text not null,                     -- '' for one that we are creating
  mark   text not null,                     -- '' for none
  key    text not null,
  primary key (object, id, mark, key)
) strict, without rowid;
create index snapshot_moved_by_mark on snapshot_moved (object, mark) where mark <> '';
create index snapshot_moved_by_key on snapshot_moved (object, key) where key <> '';
