//! Values from one side's form to the other's, and their canonical form.
