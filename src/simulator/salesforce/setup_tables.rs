//! The objects that hold an org's own setup, as tables of lines: they can be queried and are managed elsewhere.

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

/// Name, key prefix and lines of each.
pub(crate) const TABLES: [(&str, &str, &str); 3] = [
    ("RecordType", "012", RECORD_TYPE),
    ("OpportunityStage", "01J", OPPORTUNITY_STAGE),
    ("QueueSobject", "03g", QUEUE_SOBJECT),
];
