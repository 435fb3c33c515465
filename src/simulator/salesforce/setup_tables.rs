//! The objects that hold an org's own setup, as tables of lines. Of these only
//! what permission sets grant can be written over the API.

const RECORD_TYPE: &str = r"
Name string(80) NFS
DeveloperName string(80) FS
SobjectType picklist(40) FS
Description string(255) nFS
IsActive boolean FS
";

// Object reference, OpportunityStage; the columns a client asks for are named in section 7.2 of the
// reference notes, the others are assumed.
const OPPORTUNITY_STAGE: &str = r"
MasterLabel string(255) NFS
ApiName string(255) FS
IsActive boolean FS
SortOrder int(9) FS
IsClosed boolean FS
IsWon boolean FS
DefaultProbability percent(3,0) nFS
";

const QUEUE_SOBJECT: &str = r"
QueueId reference FS >Group:Queue
SobjectType picklist(40) FS
";

const PERMISSION_SET: &str = r"
Name string(80) cuINFSU
Label string(80) cuFS
Description string(255) cunFS
IsOwnedByProfile boolean FS
";

const FIELD_PERMISSIONS: &str = r#"
ParentId "Parent ID" reference cFS >PermissionSet:Parent
SobjectType picklist(40) cFS
Field "Field Name" picklist(255) cFS
PermissionsRead boolean cudFS
PermissionsEdit boolean cudFS
"#;

const PERMISSION_SET_ASSIGNMENT: &str = r"
PermissionSetId reference cFS >PermissionSet:PermissionSet
AssigneeId reference cFS >User:Assignee
";

/// Name, key prefix and lines of each.
pub(crate) const TABLES: [(&str, &str, &str); 6] = [
    ("RecordType", "012", RECORD_TYPE),
    ("OpportunityStage", "01J", OPPORTUNITY_STAGE),
    ("QueueSobject", "03g", QUEUE_SOBJECT),
    ("PermissionSet", "0PS", PERMISSION_SET),
    ("FieldPermissions", "01k", FIELD_PERMISSIONS),
    ("PermissionSetAssignment", "0Pa", PERMISSION_SET_ASSIGNMENT),
];
