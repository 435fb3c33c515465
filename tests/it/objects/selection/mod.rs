//! What is kept in step and what is left out: by direction, by condition, by list.

mod configuration;
mod direction;

use super::Story;
