//! What people can ask for: one function per request.
