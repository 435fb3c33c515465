-- Failures still true now.
drop table if exists errors;
create table errors (
  record   integer not null,                -- pair number
  side     text    not null,                -- the side that was to be written
  field    text    not null,                -- by the target's name; '' when none is named
  code     text    not null,                -- raw
  rule     text    not null,                -- key of the rule, flow or trigger; '' when none is named
  object   text    not null,
  type     text    not null,                -- slug: derived from failure, catalogue and texts
  cause    integer not null,
  known    text    not null check (known in ('answered', 'certain', 'likely')),
  first_seq integer not null,
  first_at  integer not null,               -- Unix ms
  last_seq  integer not null,               -- the entry that holds the failure as it was last seen
  last_at   integer not null,
  attempts  integer not null,               -- answered ones
  text     text,                            -- key of the message
  value    text,                            -- key of the refused value
  primary key (record, side, field, code, rule)
) strict, without rowid;
create index errors_by_cause on errors (cause, record);
create index errors_by_type on errors (type, object);
create index errors_by_age on errors (cause, first_at);

-- Errors with one fix. A cause and its number are for ever.
drop table if exists causes;
create table causes (
  number  integer primary key,              -- C-41
  side    text not null,
  object  text not null,
  field   text not null,                    -- '' for none
  code    text not null,
  rule    text not null,                    -- '' for none
  type    text,                             -- of its latest error; null before the first
  text    text,                             -- key of its latest message
  records integer not null default 0,       -- failing by it now
  opened_seq   integer not null,
  opened_at    integer not null,            -- Unix ms
  resolved_seq integer,                     -- set while no record fails by it
  resolved_at  integer,
  back_seq     integer,                     -- when it last came back after it was resolved
  back_at      integer,
  first_record integer,                     -- examples: the first and the latest to fail by it
  last_record  integer,
  probes       integer not null default 0,  -- answered tries in the retry lane since it opened or came back
  probed_at    integer,
  unique (side, object, field, code, rule)
) strict;
create index causes_open on causes (records) where records > 0;
