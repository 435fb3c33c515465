//! Two records and what was last seen become what to write where.
