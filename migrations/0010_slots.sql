-- Every mail planned: one row per slot.
drop table if exists slots;
create table slots (
  recipient integer not null,               -- key into recipients
  frequency text    not null,
  due       text    not null,               -- nominal local time and zone, or the seq that opened the gathering
  state     text    not null check (state in ('planned', 'sent', 'failing', 'refused')),
  message_id text   not null unique,
  mail      text    not null,               -- key into mails
  first_covered integer not null,           -- seq
  last_covered  integer not null,
  planned_seq integer not null,
  planned_at  integer not null,             -- Unix ms
  attempts  integer not null default 0,
  tried_at  integer,
  stage     text,                           -- how far the last failed dialogue came
  code      integer,                        -- the server's last refusal, 0 for none
  primary key (recipient, frequency, due)
) strict, without rowid;
create index slots_unsent on slots (state) where state in ('planned', 'failing');

-- What each recipient was last told of each subject, and when.
drop table if exists told;
create table told (
  recipient integer not null,
  subject   text    not null,               -- 'cause 41', 'suspension hubspot', 'hold 7', 'budget'
  state     text    not null,
  records   integer not null,
  seq       integer not null,
  at        integer not null,               -- Unix ms
  primary key (recipient, subject)
) strict, without rowid;
