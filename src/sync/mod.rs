//! The loops: detect, match, plan, write, conclude.
