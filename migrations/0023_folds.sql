-- What a fold replaces may go, and nothing else: a row leaves only while the journal's last entry is
-- the fold that names its kind and a range around it. One entry is asked, however many folds there are.
drop trigger journal_refuses_delete;
create trigger journal_refuses_delete before delete on journal
when not exists (
  select 1 from journal as fold
  where fold.seq = (select max(seq) from journal)
    and fold.kind = 'history_folded' and fold.seq > old.seq
    and old.seq between json_extract(fold.payload, '$.range[0]') and json_extract(fold.payload, '$.range[1]')
    and old.kind in (select value from json_each(fold.payload, '$.kinds'))
) begin
  select raise(abort, 'the journal is never cut');
end;
