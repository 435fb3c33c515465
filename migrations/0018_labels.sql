-- Names of records, for people. Nothing wrote the table before.
drop table labels;
create table labels (
  side   text not null,
  object text not null,
  id     text not null,
  label  text not null,
  folded text not null,                     -- the label in small letters, to be searched by its beginning
  email  text,                              -- in small letters; null where the record has none
  primary key (side, object, id)
) strict, without rowid;
create index labels_by_name on labels (folded);
create index labels_by_email on labels (email) where email is not null;
