-- Every fact, in the order in which it was learned. Never changed; old rows may be folded away.
create table journal (
  seq     integer primary key autoincrement,
  at      integer not null,                 -- Unix ms, UTC; shown, never used to order
  run     integer not null check (run > 0), -- which holder of the lock, counted from 1
  kind    text    not null,                 -- stable name of the event
  v       integer not null check (v > 0),   -- version of the kind's payload
  record  integer,                          -- pair number, for events about a record
  payload text    not null check (json_valid(payload)),
  crc     integer not null                  -- CRC-32C over the previous row's crc and all columns of this one
) strict;

-- One record's history.
create index journal_of_record on journal (record, seq) where record is not null;

-- The folds: few, and asked for on every delete and every gap.
create index journal_folds on journal (seq) where kind = 'history_folded';

create trigger journal_refuses_update before update on journal begin
  select raise(abort, 'the journal is never changed');
end;

-- A row may go only when a fold that names it stands in the journal already.
create trigger journal_refuses_delete before delete on journal
when not exists (
  select 1 from journal as fold
  where fold.kind = 'history_folded' and fold.seq > old.seq
    and old.seq between json_extract(fold.payload, '$.range[0]') and json_extract(fold.payload, '$.range[1]')
) begin
  select raise(abort, 'the journal is never cut');
end;

-- "insert or replace" deletes without asking the trigger above, unless recursive_triggers is on;
-- this one does not depend on a setting.
create trigger journal_refuses_replace before insert on journal
when new.seq <= (select max(seq) from journal) begin
  select raise(abort, 'the journal grows at its end only');
end;
