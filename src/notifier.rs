//! Journal to digest planned to mail to digest sent.
