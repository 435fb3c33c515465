-- What people said of causes: that somebody works on one, or that nobody is to be told of it.
drop table if exists remarks;
create table remarks (
  cause   integer not null,
  remark  text    not null check (remark in ('acknowledged', 'muted')),
  seq     integer not null,                 -- the entry that says so
  at      integer not null,                 -- Unix ms
  records integer not null,                 -- failing by the cause then
  note    text,                             -- key of what the person noted
  until   integer,                          -- Unix ms; when it ends by itself
  user    integer,                          -- who; null for the configuration
  lapsed_seq integer,                       -- the entry by which the cause grew or came back
  lapsed_at  integer,
  primary key (cause, remark)
) strict, without rowid;
