-- What the store knows about itself, one line each:
--   run                 how often the lock was taken, which is the number of its present holder
--   print_key           32 hexadecimal digits, the key of value prints and text keys
--   migration NNNN_name SHA-256 of a migration's text as it was applied
--   catalogue           digest of the catalogue the errors' types were derived with
--   projections_stale   present while the projections must be derived again
create table meta (
  name  text primary key,
  value text not null
) strict, without rowid;
