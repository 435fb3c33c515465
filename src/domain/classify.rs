//! A failure and its facts become one of the 32 types.
