//! May this call be spent now, and if not, when?
