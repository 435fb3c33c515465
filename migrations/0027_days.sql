-- Sums that mails show, kept as facts come.

-- By day of our clock, in UTC: how it went over weeks.
drop table if exists days;
create table days (
  day    integer primary key,               -- Unix ms / 86,400,000
  turned integer not null default 0         -- records that came to fail in it, less those that ceased to
) strict;

-- By blocks of seq, as `synced`: what was not carried across.
drop table if exists uncarried;
create table uncarried (
  block  integer not null,                  -- seq / 256
  what   text    not null check (what in ('change', 'deletion')),
  number integer not null,
  primary key (block, what)
) strict, without rowid;
