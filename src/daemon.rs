//! Starts and stops the loops: the only spawn.
