//! What stands beside the journal and can be erased.
