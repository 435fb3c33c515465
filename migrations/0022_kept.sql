-- What saves calls while many rows are on their way by jobs.

-- A row that waits keeps the record that it was detected with, where that shows what we wrote: it is
-- told as an echo then without being read again.
alter table inbox add column kept text check (kept is null or json_valid(kept));

-- Whether a record of a junction object was seen that ties the row's record: then its associations
-- are read, whatever the record itself shows.
alter table inbox add column ties integer not null default 0 check (ties in (0, 1));

-- Whether the row is looked at again once this write of it was made.
alter table parcel_rows add column again integer not null default 0 check (again in (0, 1));

-- Records of junction objects that were read ahead, by the record whose associations they are. What
-- moved since stands in snapshot_moved, under the junction's name and that record's id.
create table snapshot_ties (
  object   text not null,                    -- our name for the junction object
  here     text not null,
  id       text not null,
  there    text not null,
  primary key (object, here, id)
) strict, without rowid;
