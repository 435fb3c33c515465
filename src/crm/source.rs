//! What a reading call wants to know.

use crate::domain::record::{FieldName, ObjectName};
use crate::domain::schema::ObjectSchema;

/// Whose records are read, and which of their fields.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Our name for the object.
    pub object: &'a ObjectName,
    /// What the side says about it; its API name is the one asked for.
    pub schema: &'a ObjectSchema,
    /// The fields wanted. Those the schema does not show are left out of the records.
    pub fields: &'a [FieldName],
}
