//! The objects every simulated org starts with, as tables of lines that `schema::Field` reads.

use super::places;
use super::schema::{Field, Schema};
use super::settings::{Settings, Switch};
use super::setup_tables;

/// The columns every object begins with; `schema` numbers them.
const SYSTEM: &str = r#"
Id "Record ID" id(18) dIFS
IsDeleted "Deleted" boolean dFS
CreatedDate datetime dFS
CreatedById "Created By ID" reference dFS >User:CreatedBy
LastModifiedDate datetime dFS
LastModifiedById "Last Modified By ID" reference dFS >User:LastModifiedBy
SystemModstamp datetime dFS
"#;

const ACCOUNT: &str = r#"
MasterRecordId reference nFS >Account:MasterRecord
Name "Account Name" string(255) cuNFS
Type "Account Type" picklist(40) cunFS {Prospect; Customer - Direct; Customer - Channel; Installation Partner; Technology Partner; Other}
ParentId "Parent Account ID" reference cunFS >Account:Parent
BillingStreet textarea(255) cunFS
BillingCity string(40) cunFS
BillingState "Billing State/Province" string(80) cunFS
BillingPostalCode "Billing Zip/Postal Code" string(20) cunFS
BillingCountry string(80) cunFS
Phone "Account Phone" phone(40) cunFS
Fax "Account Fax" phone(40) cunFS
AccountNumber string(40) cunFS
Website url(255) cunFS
Industry picklist(40) cunFS {Agriculture; Banking; Biotechnology; Chemicals; Consulting; Education; Electronics; Energy; Engineering; Finance; Healthcare; Manufacturing; Media; Retail; Technology; Other}
AnnualRevenue currency(18,0) cunFS
NumberOfEmployees "Employees" int(8) cunFS
Description "Account Description" textarea(32000) cun
Rating "Account Rating" picklist(40) cunFS {Hot; Warm; Cold}
AccountSource picklist(40) cunFS {Web; Phone Inquiry; Partner Referral; Purchased List; Other}
OwnerId reference cudFS >User:Owner
"#;

const CONTACT: &str = r#"
MasterRecordId reference nFS >Contact:MasterRecord
AccountId reference cunFS >Account:Account
LastName string(80) cuFS
FirstName string(40) cunFS
Salutation picklist(40) cunFS {Mr.; Ms.; Mrs.; Dr.; Prof.}
Name "Full Name" string(121) NFS
MailingStreet textarea(255) cunFS
MailingCity string(40) cunFS
MailingState "Mailing State/Province" string(80) cunFS
MailingPostalCode "Mailing Zip/Postal Code" string(20) cunFS
MailingCountry string(80) cunFS
Phone "Business Phone" phone(40) cunFS
Fax "Business Fax" phone(40) cunFS
MobilePhone phone(40) cunFS
HomePhone phone(40) cunFS
ReportsToId reference cunFS >Contact:ReportsTo
Email email(80) cunIFS
Title string(128) cunFS
Department string(80) cunFS
LeadSource picklist(255) cunFS {Web; Phone Inquiry; Partner Referral; Purchased List; Other}
Birthdate date cunFS
Description "Contact Description" textarea(32000) cun
DoNotCall boolean cudFS
HasOptedOutOfEmail "Email Opt Out" boolean cudFS
OwnerId reference cudFS >User:Owner
Tier__c picklist(255) cunRFS {Gold; Silver; Bronze}
Score__c double(6,2) cunFS
Visits__c double(8,0) cunFS
Interests__c multipicklist(4099) cunRF {Data; Design; Finance; Travel; Sports}
Last_Webinar__c datetime cunFS
Renewal__c date cunFS
Newsletter__c boolean cudFS
External_Ref__c string(40) cunFSU
Partner__c reference cunFS >Account:Partner__r
Annual_Value__c currency(12,2) cunFS
"#;

const LEAD: &str = r#"
MasterRecordId reference nFS >Lead:MasterRecord
LastName string(80) cuFS
FirstName string(40) cunFS
Salutation picklist(40) cunFS {Mr.; Ms.; Mrs.; Dr.; Prof.; Mx.}
Name "Full Name" string(121) NFS
Title string(128) cunFS
Company string(255) cuFS
Street textarea(255) cunFS
City string(40) cunFS
State "State/Province" string(80) cunFS
PostalCode "Zip/Postal Code" string(20) cunFS
Country string(80) cunFS
Phone phone(40) cunFS
MobilePhone phone(40) cunFS
Fax phone(40) cunFS
Email email(80) cunIFS
Website url(255) cunFS
Description textarea(32000) cun
LeadSource picklist(255) cunFS {Web; Phone Inquiry; Partner Referral; Purchased List; Other}
Status picklist(255) cudFS {Open - Not Contacted*; Working - Contacted; Closed - Converted; Closed - Not Converted}
Industry picklist(255) cunFS {Agriculture; Banking; Consulting; Education; Energy; Finance; Healthcare; Media; Retail; Technology; Other}
Rating picklist(255) cunFS {Hot; Warm; Cold}
AnnualRevenue currency(18,0) cunFS
NumberOfEmployees "Employees" int(8) cunFS
DoNotCall boolean cudFS
HasOptedOutOfEmail "Email Opt Out" boolean cudFS
OwnerId reference cudFS >Group|User:Owner
IsConverted "Converted" boolean cdFS
ConvertedDate date nFS
ConvertedAccountId reference nFS >Account:ConvertedAccount
ConvertedContactId reference nFS >Contact:ConvertedContact
ConvertedOpportunityId reference nFS >Opportunity:ConvertedOpportunity
"#;

const OPPORTUNITY: &str = r#"
AccountId reference cunFS >Account:Account
Name string(120) cuINFS
Description textarea(32000) cun
StageName "Stage" picklist(255) cuFS {Prospecting; Qualification; Needs Analysis; Value Proposition; Proposal/Price Quote; Negotiation/Review; Closed Won; Closed Lost}
Amount currency(18,2) cunFS
Probability "Probability (%)" percent(3,0) cundFS
CloseDate date cuFS
Type "Opportunity Type" picklist(255) cunFS {Existing Customer - Upgrade; Existing Customer - Replacement; Existing Customer - Downgrade; New Customer}
NextStep string(255) cunFS
LeadSource picklist(255) cunFS {Web; Phone Inquiry; Partner Referral; Purchased List; Other}
IsClosed "Closed" boolean dFS
IsWon "Won" boolean dFS
OwnerId reference cudFS >User:Owner
"#;

const TASK: &str = r#"
WhoId "Name ID" reference cunFS >Contact|Lead:Who
WhatId "Related To ID" reference cunFS >Account|Opportunity:What
Subject picklist(255) cunNFS {Call; Email; Send Letter; Send Quote; Other}
ActivityDate "Due Date Only" date cunFS
Status picklist(255) cudFS {Not Started*; In Progress; Completed; Waiting on someone else; Deferred}
Priority picklist(255) cudFS {High; Normal*; Low}
Description textarea(32000) cun
IsClosed "Closed" boolean dFS
OwnerId "Assigned To ID" reference cudFS >Group|User:Owner
"#;

const OPPORTUNITY_CONTACT_ROLE: &str = r"
OpportunityId reference cFS >Opportunity:Opportunity
ContactId reference cuFS >Contact:Contact
Role picklist(40) cunFS {Business User; Decision Maker; Economic Buyer; Economic Decision Maker; Evaluator; Executive Sponsor; Influencer; Technical Buyer; Other}
IsPrimary boolean cudFS
";

const CASE: &str = r"
Subject string(255) cunFS
Status picklist(255) cudFS {New*; Working; Escalated; Closed}
AccountId reference cunFS >Account:Account
ContactId reference cunFS >Contact:Contact
Description textarea(32000) cun
OwnerId reference cudFS >Group|User:Owner
";

const USER: &str = r"
Username string(80) FS
LastName string(80) FS
FirstName string(40) nFS
Name string(121) NFS
Email email(128) FS
Alias string(8) FS
IsActive boolean FS
UserType picklist(40) nRFS {Standard; PowerPartner; CSPLitePortal; Guest; AutomatedProcess}
";

const GROUP: &str = r"
Name string(40) NFS
DeveloperName string(80) nFS
Type picklist(40) RFS {Queue; Regular}
";

const ORGANIZATION: &str = r"
Name string(80) NFS
OrganizationType picklist(40) nFS {Developer Edition; Enterprise Edition; Unlimited Edition}
IsSandbox boolean FS
InstanceName string(5) nFS
LanguageLocaleKey picklist(40) FS {en_US}
";

const EXTERNAL_ID: &str = r#"Syncline_HubSpot_Id__c "Syncline HubSpot ID" string(64) cunIFSXU"#;

/// Objects that have the external id field from the start. A task has it only when somebody adds it:
/// custom fields of activities cannot always be unique external ids (assumed).
const KEYED: [&str; 4] = ["Account", "Contact", "Lead", "Opportunity"];

/// Objects with an address, and what the names of its fields begin with.
pub(crate) const ADDRESSES: [(&str, &str); 3] =
    [("Account", "Billing"), ("Contact", "Mailing"), ("Lead", "")];

/// Adds the code fields of State and Country/Territory picklists, where they are not there yet.
pub(crate) fn add_code_fields(schema: &mut Schema, address: &str) {
    for field in places::code_fields(address) {
        if schema.column(&field.name).is_none() {
            schema.add(field);
        }
    }
}

/// Adds the external id field, where it is not there yet.
pub(crate) fn add_key_field(schema: &mut Schema) {
    for field in fields(EXTERNAL_ID) {
        if schema.column(&field.name).is_none() {
            schema.add(field);
        }
    }
}

/// An object with the columns that every object begins with, and those of `lines`.
pub(crate) fn object(name: &str, label: &str, prefix: &str, lines: &str) -> Result<Schema, String> {
    let mut all = fields(SYSTEM);
    let own: Result<Vec<Field>, String> = filled(lines).map(Field::parse).collect();
    all.extend(own?);
    Ok(Schema::new(name, label, prefix, all))
}

/// The schemas of a new org.
pub(crate) fn schemas(settings: &Settings) -> Vec<Schema> {
    let records = [
        ("Account", "001", ACCOUNT),
        ("Contact", "003", CONTACT),
        ("Lead", "00Q", LEAD),
        ("Opportunity", "006", OPPORTUNITY),
        ("OpportunityContactRole", "00K", OPPORTUNITY_CONTACT_ROLE),
        ("Task", "00T", TASK),
        ("Case", "500", CASE),
        ("User", "005", USER),
        ("Group", "00G", GROUP),
        ("Organization", "00D", ORGANIZATION),
    ];
    records
        .into_iter()
        .chain(setup_tables::TABLES)
        .map(|(name, prefix, lines)| {
            let built = object(name, name, prefix, lines);
            let mut schema = built.expect("the built-in tables are well formed");
            let has_key = KEYED.contains(&name);
            if has_key && !settings.switches.contains(&Switch::WithoutExternalId) {
                add_key_field(&mut schema);
            }
            let address = ADDRESSES.into_iter().find(|(object, _)| *object == name);
            if let Some((_, address)) = address
                && settings.switches.contains(&Switch::StateCountryPicklists)
            {
                add_code_fields(&mut schema, address);
            }
            schema
        })
        .collect()
}

fn fields(lines: &str) -> Vec<Field> {
    filled(lines)
        .map(|line| Field::parse(line).expect("the built-in tables are well formed"))
        .collect()
}

fn filled(lines: &str) -> impl Iterator<Item = &str> {
    lines.lines().filter(|line| !line.trim().is_empty())
}
