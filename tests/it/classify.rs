//! Raw answers become types: every ordered rule, with messages as the two APIs word them.

use std::sync::LazyLock;

use syncline::domain::catalogue::{Catalogue, SLUGS};
use syncline::domain::classify::{classify, is_transient, rule_named};
use syncline::domain::failure::{Fact, Failure, System};
use syncline::domain::record::{FieldName, ObjectName, Side};

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(Catalogue::shipped);

// A type, and below it answers that must become it:
// object | raw code | fields | facts | message

const TO_SALESFORCE: &str = r#"
missing-contact-id
  task | CANNOT_EXECUTE_FLOW_TRIGGER |  |  | An error occurred in a flow: REQUIRED_FIELD_MISSING: Required fields are missing: [ContactId]
  deal | FLOW_EXCEPTION |  |  | Flow "Add role" failed: MISSING_ARGUMENT: Id not specified in an update call, WhoId
  deal | CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY |  |  | RoleTrigger: execution of AfterInsert\n\ncaused by: System.DmlException: Insert failed. First exception on row 0; first error: REQUIRED_FIELD_MISSING, Required fields are missing: [Contact Id]
  deal | APEX_ERROR |  |  | Roles: INVALID_CROSS_REFERENCE_KEY for 0035g00000AbCdEAAV
  contact | REQUIRED_FIELD_MISSING | ContactId |  | Required fields are missing: [ContactId]
  task | REQUIRED_FIELD_MISSING | WhoId |  | Required fields are missing: [WhoId]
  task | REQUIRED_FIELD_MISSING |  |  | Required fields are missing: [WhoId]
sf-flow
  contact | CANNOT_EXECUTE_FLOW_TRIGGER |  |  | We can’t save this record because the “Case Created” process failed. Give your Salesforce admin these details. An error occurred when executing a flow interview.
  contact | MAX_DEPTH_IN_FLOW_EXECUTION |  |  |
  contact | CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY |  |  | The record couldn&#39;t be saved because it failed to trigger a flow.
sf-automation
  contact | CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY |  |  | CaseTrigger: execution of BeforeInsert\n\ncaused by: System.NullPointerException: Attempt to de-reference a null object\n\nTrigger.CaseTrigger: line 3, column 1
  contact | CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY |  |  | ContactTrigger: execution of AfterUpdate caused by: first error on row 0 with id 0035g00000AbCdEAAV; REQUIRED_FIELD_MISSING, [LastName]
  contact | SELF_REFERENCE_FROM_TRIGGER |  |  |
  contact | TOO_MANY_APEX_REQUESTS |  |  |
sf-validation-rule
  contact | FIELD_CUSTOM_VALIDATION_EXCEPTION | Phone |  | Phone must start with + and the country code.
  contact | FIELD_CUSTOM_VALIDATION_EXCEPTION |  |  | The owner of a contact id:003 must be set
sf-duplicate-rule
  contact | DUPLICATES_DETECTED |  |  | Use one of these records?
unique-value
  contact | DUPLICATE_VALUE |  |  | duplicate value found: Ext__c duplicates value on record with id: 0015e00000tW1f0
  contact | DUPLICATE_EXTERNAL_ID |  |  |
  contact | ambiguous |  |  |
sf-access-or-missing
  contact | INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY |  |  | insufficient access rights on cross-reference id: 0015e00000tW1f0
  contact | ENTITY_IS_DELETED |  | parent_linked | entity is deleted
  contact | NOT_FOUND |  |  | The requested resource does not exist
  contact | INVALID_CROSS_REFERENCE_KEY | Id |  | invalid cross reference id
waiting-account
  contact | INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY | AccountId | parent_not_linked | insufficient access rights on cross-reference id: 0015e00000tW1f0
  deal | parent_not_linked | AccountId | parent_not_linked |
sf-field-permission
  contact | INVALID_FIELD_FOR_INSERT_UPDATE | Name |  | Unable to create/update fields: Name. Please check the security settings of this field and verify that it is read/write for your profile or permission set.
  contact | INVALID_FIELD |  | field_described | No such column 'Tier__c' on sobject of type Contact
  contact | INVALID_FIELD |  |  | No such column 'Tier__c' on sobject of type Contact
  contact | field_not_writable | Fax | field_not_writable |
sf-access
  company | UNAVAILABLE_RECORDTYPE_EXCEPTION |  |  |
  contact | INVALID_CROSS_REFERENCE_KEY |  |  | Record Type ID: this ID value isn't valid for the user: 0128M0000001abcQAA
  contact | INSUFFICIENT_ACCESS_OR_READONLY |  |  | insufficient access rights on object id
  contact | FORBIDDEN |  |  |
  contact | INVALID_TYPE |  |  | sObject type 'Lead' is not supported.
  contact | TRANSFER_REQUIRES_READ |  |  |
  contact | ENTITY_IS_LOCKED |  |  | This record is locked. If you need to edit it, contact your admin.
  contact | CANNOT_UPDATE_CONVERTED_LEAD |  |  | cannot reference converted lead
  company | CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY |  |  | entity type cannot be updated: Account
  contact | INVALID_CROSS_REFERENCE_KEY | RecordTypeId |  | Record Type ID: this ID value isn't valid for the user: 0128M0000001abcQAA
sf-owner-inactive
  contact | INACTIVE_OWNER_OR_USER | OwnerId |  | operation performed with inactive user [0055e000001AbCd] as owner of contact
owner-assignment
  task | INVALID_OPERATION |  |  | Queue not associated with this SObject type
  contact | INVALID_CROSS_REFERENCE_KEY |  |  | Owner ID: owner cannot be blank
  task | MALFORMED_ID |  |  | Assigned To ID: id value of incorrect type: 0055e000001AbCdXYZ
  task | INVALID_CROSS_REFERENCE_KEY | OwnerId |  | invalid cross reference id
  task | INVALID_CROSS_REFERENCE_KEY |  |  | cannot use 00G5e000001AbCdEAK here
  task | OP_WITH_INVALID_USER_TYPE_EXCEPTION |  |  |
  task | no_partner_owner | OwnerId | owner_not_matched |
  task | owner_is_queue | OwnerId | target_is_queue |
sales-process-missing
  deal | INVALID_CROSS_REFERENCE_KEY |  |  | Record Type ID: this ID value isn't valid for the user: 0128M0000001abcQAA
  deal | INVALID_CROSS_REFERENCE_KEY | RecordTypeId |  | Record Type ID: this ID value isn't valid for the user: 0128M0000001abcQAA
  deal | UNAVAILABLE_RECORDTYPE_EXCEPTION |  |  |
stage-missing
  deal | REQUIRED_FIELD_MISSING |  |  | Required fields are missing: [StageName]
  deal | stage_unknown |  |  |
  deal | REQUIRED_FIELD_MISSING | StageName |  | Required fields are missing: [StageName]
  deal | INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST | StageName |  | Stage: bad value for restricted picklist field: Parked
country-required
  company | FIELD_INTEGRITY_EXCEPTION | BillingState | value_missing |
  contact | FIELD_INTEGRITY_EXCEPTION | MailingState |  | A country/territory must be specified before specifying a state value for field: Mailing State/Province
  company | REQUIRED_FIELD_MISSING | BillingCountryCode |  | Required fields are missing: [BillingCountryCode]
  company | country_missing | BillingState | value_missing |
state-country-mismatch
  contact | state_not_in_country | MailingState |  |
  contact | FIELD_INTEGRITY_EXCEPTION | MailingCountry |  | There&#39;s a problem with this country, even though it may appear correct. Please select a country/territory from the list of valid countries.
  contact | FIELD_INTEGRITY_EXCEPTION |  |  | There’s a problem with this state, even though it may appear correct. Please select a state from the list of valid states.
  company | FIELD_INTEGRITY_EXCEPTION |  |  | The existing country/territory doesn't recognize the state value for field: Billing State/Province Code
  company | FIELD_INTEGRITY_EXCEPTION |  |  | The BillingStateCode field contains FD, which isn&#39;t an available state. Your administrator can add it for you.
  company | INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST | BillingCountryCode |  | Billing Country Code: bad value for restricted picklist field: XX
sf-option-missing
  contact | INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST | Job__c | option_known,option_active | Job Category: bad value for restricted picklist field: NURSE
  contact | INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST | Job__c | option_inactive | Job Category: bad value for restricted picklist field: NURSE
  contact | INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST | Job__c | option_unknown,list_not_restricted | Job Category: bad value for restricted picklist field: NURSE
  contact | option_unknown | Job__c |  |
restricted-picklist
  contact | option_unknown | Job__c | list_restricted |
  contact | INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST | Job__c |  | Job Category: bad value for restricted picklist field: NURSE
  contact | INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST | Job__c | list_restricted,option_unknown | Job Category: bad value for restricted picklist field: NURSE
  contact | INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST | Solid_State__c |  | Job Category: bad value for restricted picklist field: NURSE
option-limit
  contact | TOO_MANY_ENUM_VALUE | Tags__c |  |
string-too-long
  company | STRING_TOO_LONG | Name |  | Account Name: data value too large: eaj... (max length=255)
  task | MAX_TASK_DESCRIPTION_EXCEEEDED | Description |  |
invalid-email
  contact | INVALID_EMAIL_ADDRESS | Email |  | Email: invalid email address: Not a real email address
value-required
  contact | REQUIRED_FIELD_MISSING | LastName |  | Required fields are missing: [LastName]
  contact | MISSING_ARGUMENT |  |  |
sf-id-missing
  contact | MALFORMED_ID | AccountId |  | Account ID: id value of incorrect type: Acme Ltd
  contact | not_an_id | AccountId | field_is_reference |
sf-id-invalid
  contact | INVALID_CROSS_REFERENCE_KEY | Campaign__c |  | invalid cross reference id
  contact | INVALID_ID_FIELD |  |  |
  contact | FIELD_FILTER_VALIDATION_EXCEPTION | Partner__c |  | Value does not exist or does not match filter criteria.
type-mismatch
  contact | JSON_PARSER_ERROR |  |  | Cannot deserialize instance of datetime from VALUE_STRING value 2013-13-99 or request may be missing a required field at [line:1, column:179]
  contact | INVALID_TYPE_ON_FIELD_IN_RECORD | Employees__c |  | Employees: value not of required type: many
  contact | INVALID_FIELD |  | field_not_described | No such column 'Tier__c' on sobject of type Contact
  contact | types_differ | Tier__c |  |
  contact | several_options | Tier__c |  |
  contact | not_a_number | Tier__c |  |
  contact | not_a_date | Tier__c |  |
invalid-value
  deal | INVALID_CURRENCY_ISO | CurrencyIsoCode |  |
  contact | TEXT_DATA_OUTSIDE_SUPPORTED_CHARSET | LastName |  |
  company | NUMBER_OUTSIDE_VALID_RANGE | NumberOfEmployees |  | Employees: value outside of valid range on numeric field: 1431655766
  contact | FIELD_INTEGRITY_EXCEPTION |  |  | Every asset needs an account, a contact, or both.
  contact | number_too_large | Score__c |  |
other
  contact | UNKNOWN_EXCEPTION |  |  | An unexpected error occurred. Please include this ErrorId if you contact support: 123-45 (-678)
  contact | STORAGE_LIMIT_EXCEEDED |  |  |
  contact | ALL_OR_NONE_OPERATION_ROLLED_BACK |  |  |
  contact | REQUEST_LIMIT_EXCEEDED |  |  | TotalRequests Limit exceeded.
  contact | SOMETHING_NEW |  |  |
  contact |  |  |  |
"#;

const TO_HUBSPOT: &str = r#"
assoc-limit
  contact | VALIDATION_ERROR |  |  | association limit reached for company 1
  contact | ASSOCIATION_USER_CONFIG_LIMIT_EXCEEDED |  |  |
  contact | crm.associations.ASSOCIATION_LIMIT_EXCEEDED |  |  |
  contact | association_limit |  |  |
waiting-account
  contact | parent_not_linked |  | parent_not_linked |
  deal | OBJECT_NOT_FOUND |  | parent_not_linked | resource not found
  contact | VALIDATION_ERROR |  | parent_not_linked | COMPANY=1 is not valid
email-in-use
  contact | VALIDATION_ERROR | email |  | that address already exists
  contact | CONFLICT |  | winner | Contact already exists. Existing ID: 37765128953
  contact | VALIDATION_ERROR |  |  | Cannot set PropertyValueCoordinates{portalId=1, objectTypeId=ObjectTypeId{legacyObjectType=CONTACT}, propertyName=email, value=a@b.example} on 48328838322. 51090765207 already has that value.
  contact | UNIQUE_VALUE_CONFLICT | email |  |
  contact | email_in_use | email |  |
unique-value
  deal | VALIDATION_ERROR |  |  | Cannot set PropertyValueCoordinates{portalId=1, objectTypeId=ObjectTypeId{legacyObjectType=DEAL}, propertyName=order_id, value=ABC} on 48328838322. 51090765207 already has that value.
  company | ambiguous | domain |  |
options-mismatch
  contact | INVALID_OPTION | topic |  | reports was not one of the allowed options: [PRODUCT_ISSUE, BILLING_ISSUE]
  contact | option_unknown | topic |  |
state-country-mismatch
  contact | INVALID_OPTION | state |  | reports was not one of the allowed options: [PRODUCT_ISSUE, BILLING_ISSUE]
  contact | INVALID_OPTION | hs_country_region_code |  | reports was not one of the allowed options: [PRODUCT_ISSUE, BILLING_ISSUE]
stage-missing
  deal | INVALID_OPTION | dealstage |  | registered is not a valid pipeline stage ID. Valid options are: pipelineId=default : [appointmentscheduled, closedlost]
  deal | VALIDATION_ERROR |  |  | registered is not a valid pipeline stage ID. Valid options are: pipelineId=default : [appointmentscheduled, closedlost]
  deal | stage_unknown | dealstage |  |
stage-inactive
  deal | INVALID_OPTION | dealstage | option_inactive |
  deal | stage_inactive | dealstage |  |
option-limit
  contact | PROPERTY_OPTIONS_LIMIT_EXCEEDED | topic |  |
  contact | VALIDATION_ERROR | topic |  | Property topic has too many options
sf-owners-unsynced
  deal | VALIDATION_ERROR | second_owner | owner_not_matched |
  contact | INVALID_OWNER_ID | hubspot_owner_id |  | Owner 123 does not exist
  contact | INVALID_OPTION | hubspot_owner_id |  |
  deal | no_partner_owner | hubspot_owner_id | owner_not_matched |
owner-assignment
  task | INVALID_OPTION | hubspot_owner_id |  |
  task | INVALID_OWNER_ID | hubspot_owner_id |  | Owner 123 does not exist
  contact | no_partner_owner | hubspot_owner_id | target_is_queue |
sales-process-missing
  deal | no_record_type |  |  |
type-mismatch
  contact | VALIDATION_ERROR |  |  | Property "missing" does not exist
  contact | INVALID_LONG | score |  | 1/1/1 was not a valid long.
  contact | INVALID_INTEGER | discount |  | discount was not a valid number
  contact | INVALID_DATE | born |  | 1641038400000 is at 12:0:0.0 UTC, not midnight!
  contact | INVALID_BOOLEAN | vip |  | maybe was not a valid boolean
  contact | PROPERTY_DOESNT_EXIST | missing |  | Property "missing" does not exist
  deal | READ_ONLY_VALUE |  |  | "hs_first_order_closed_date" is a read only property; its value cannot be set.
  contact | not_a_number | score |  |
invalid-email
  contact | INVALID_EMAIL | email |  | Email address bcooper@example.con is invalid
  contact | VALIDATION_ERROR |  |  | Property values were not valid: [{"isValid":false,"message":"Email address bcooper@example.con is invalid","error":"INVALID_EMAIL","name":"email"}]
string-too-long
  company | VALIDATION_ERROR |  |  | Property "description" value length exceeds 65536
  company | PROPERTY_VALUE_TOO_LONG | description |  | Property "description" value length exceeds 65536
  company | STRING_TOO_LONG | description |  |
value-required
  deal | VALIDATION_ERROR |  |  | Error creating DEAL. Some required properties were not set.
  deal | MISSING_REQUIRED_PROPERTY | dealname |  |
  deal | MISSING_CONDITIONAL_REQUIRED_PROPERTY | amount |  |
  deal | value_required | dealname | value_missing |
invalid-value
  contact | PROPERTY_VALIDATION_RULE_FAILED | vat |  | A VAT number has eleven digits
  contact | VALIDATION_ERROR | vat |  | some other complaint
other
  contact | VALIDATION_ERROR |  |  | No properties found to update, please provide at least one.
  contact | VALIDATION_ERROR |  |  | Unable to infer object type from: foo
  contact | VALIDATION_ERROR |  |  | Cannot have more than 250 identities on a profile
"#;

fn fact(word: &str) -> Fact {
    match word {
        "field_described" => Fact::FieldDescribed(true),
        "field_not_described" => Fact::FieldDescribed(false),
        "field_not_writable" => Fact::FieldWritable(false),
        "field_is_reference" => Fact::FieldIsReference,
        "list_restricted" => Fact::ListRestricted(true),
        "list_not_restricted" => Fact::ListRestricted(false),
        "option_known" => Fact::OptionKnown(true),
        "option_unknown" => Fact::OptionKnown(false),
        "option_active" => Fact::OptionActive(true),
        "option_inactive" => Fact::OptionActive(false),
        "parent_linked" => Fact::ParentLinked(true),
        "parent_not_linked" => Fact::ParentLinked(false),
        "owner_not_matched" => Fact::OwnerMatched(false),
        "target_is_queue" => Fact::TargetIsQueue,
        "value_missing" => Fact::ValueMissing,
        "winner" => Fact::Winner("37765128953".to_owned()),
        _ => panic!("the table names an unknown fact {word:?}"),
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
}

/// Checks one line, said by the target itself and predicted by us.
fn check(to: Side, line: &str, expected: &str) {
    let cells: Vec<&str> = line.splitn(5, '|').map(str::trim).collect();
    let [object, code, fields, facts, message] = cells[..] else {
        panic!("the table's line has no five cells: {line}");
    };
    let object = ObjectName::parse(object).expect("a table names valid objects");
    let message = message.replace("\\n", "\n");
    for system in [System::from(to), System::Syncline] {
        let mut failure = Failure::of(system, code);
        failure.fields = words(fields)
            .map(|name| FieldName::parse(name).expect("a table names valid fields"))
            .collect();
        failure.facts = words(facts).map(fact).collect();
        if system == System::HubSpot {
            failure.inner = Some("VALIDATION_ERROR".to_owned());
        }
        let slug = classify(&CATALOGUE, to, &object, &failure, &message);
        assert_eq!(slug.as_str(), expected, "{system:?}: {line}");
    }
}

fn check_table(to: Side, table: &str) {
    let mut expected = "";
    for line in table.lines().filter(|line| !line.is_empty()) {
        if line.starts_with(' ') {
            check(to, line, expected);
        } else {
            expected = line;
        }
    }
}

/// The type of a contact's failure.
fn type_of(to: Side, failure: &Failure, message: &str) -> String {
    let contact = ObjectName::parse("contact").expect("a valid name");
    classify(&CATALOGUE, to, &contact, failure, message).to_string()
}

#[test]
fn answers_of_salesforce_become_their_types() {
    check_table(Side::Salesforce, TO_SALESFORCE);
}

#[test]
fn answers_of_hubspot_become_their_types() {
    check_table(Side::HubSpot, TO_HUBSPOT);
}

#[test]
fn every_type_is_reached() {
    for slug in SLUGS {
        let is_reached = [TO_SALESFORCE, TO_HUBSPOT]
            .iter()
            .any(|table| table.lines().any(|line| line == slug));
        assert!(is_reached, "{slug} stands in no table");
    }
}

#[test]
fn an_upsert_key_that_fits_several_records_is_answered_by_a_status_alone() {
    let mut failure = Failure::of(System::Salesforce, "");
    failure.status = 300;
    assert_eq!(type_of(Side::Salesforce, &failure, ""), "unique-value");
    failure.status = 404;
    assert_eq!(
        type_of(Side::Salesforce, &failure, ""),
        "sf-access-or-missing"
    );
}

#[test]
fn hubspot_answers_about_no_property_are_other() {
    for (status, code) in [
        (404, "OBJECT_NOT_FOUND"),
        (403, "MISSING_SCOPES"),
        (500, ""),
        (423, "LOCKED"),
    ] {
        let mut failure = Failure::of(System::HubSpot, code);
        failure.status = status;
        let slug = type_of(Side::HubSpot, &failure, "internal error");
        assert_eq!(slug.as_str(), "other", "{status} {code}");
    }
}

#[test]
fn what_hubspot_hides_in_its_sub_category_counts() {
    for (code, inner, expected) in [
        (
            "VALIDATION_ERROR",
            "crm.associations.ASSOCIATION_LIMIT_EXCEEDED",
            "assoc-limit",
        ),
        (
            "VALIDATION_ERROR",
            "properties.OPTIONS_LIMIT_EXCEEDED",
            "option-limit",
        ),
        (
            "VALIDATION_ERROR",
            "objects.REQUIRED_PROPERTIES_MISSING",
            "value-required",
        ),
        ("SOME_NEW_CODE", "VALIDATION_ERROR", "invalid-value"),
        ("SOME_NEW_CODE", "SOME_NEW_CATEGORY", "other"),
    ] {
        let mut failure = Failure::of(System::HubSpot, code);
        failure.inner = Some(inner.to_owned());
        let slug = type_of(Side::HubSpot, &failure, "");
        assert_eq!(slug.as_str(), expected, "{code} {inner}");
    }
}

#[test]
fn without_the_object_a_refused_record_type_is_a_matter_of_access() {
    let mut failure = Failure::of(System::Salesforce, "INVALID_CROSS_REFERENCE_KEY");
    failure
        .fields
        .push(FieldName::parse("RecordTypeId").unwrap());
    assert_eq!(type_of(Side::Salesforce, &failure, ""), "sf-access");
}

#[test]
fn passing_troubles_pass_and_others_do_not() {
    let check = |status, code: &str, message: &str, expected: bool| {
        let mut failure = Failure::of(System::Salesforce, code);
        failure.status = status;
        assert_eq!(
            is_transient(&failure, message),
            expected,
            "{status} {code} {message}"
        );
    };
    for code in [
        "UNABLE_TO_LOCK_ROW",
        "SERVER_UNAVAILABLE",
        "REQUEST_RUNNING_TOO_LONG",
        "QUERY_TIMEOUT",
        "RATE_LIMITS",
        "PROCESSING_HALTED",
        "timeout",
    ] {
        check(400, code, "", true);
    }
    for status in [408, 423, 429, 477, 500, 502, 503, 504, 524] {
        check(status, "", "", true);
    }
    for status in [0, 200, 300, 400, 403, 404, 409] {
        check(
            status,
            "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            "unable to obtain exclusive access",
            false,
        );
    }
    let wrapped = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY";
    check(
        400,
        wrapped,
        "T: execution of AfterUpdate caused by: UNABLE_TO_LOCK_ROW, unable to obtain exclusive access",
        true,
    );
    check(
        400,
        wrapped,
        "T: System.LimitException: Apex CPU time limit exceeded",
        true,
    );
    check(400, wrapped, "T: System.NullPointerException", false);
    check(400, "ENTITY_IS_LOCKED", "This record is locked.", false);
}

#[test]
fn a_validation_rule_is_named_by_its_message_without_what_differs_per_record() {
    let check = |message: &str, expected: Option<&str>| {
        let named = rule_named("FIELD_CUSTOM_VALIDATION_EXCEPTION", message);
        assert_eq!(named.as_deref(), expected, "{message}");
    };
    check(
        "Phone must start with + and the country code.",
        Some("Phone must start with + and the country code."),
    );
    check(
        "Can\u{2019}t save: the owner&#39;s region doesn't match.",
        Some("Can't save: the owner's region doesn't match."),
    );
    check(
        "Amount 1,500.00 exceeds the limit for \u{201c}Acme Ltd\u{201d} (0015e00000tW1f0AAC).",
        Some("Amount \u{2026} exceeds the limit for \u{2026} (\u{2026})."),
    );
    check(
        "'Jane O'Neil' is on hold,\nask jane@acme.example",
        Some("\u{2026} is on hold, ask \u{2026}"),
    );
    check("  ", None);
}

#[test]
fn flows_and_triggers_are_named_where_the_message_names_them() {
    let check = |code: &str, message: &str, expected: Option<&str>| {
        assert_eq!(rule_named(code, message).as_deref(), expected, "{message}");
    };
    let flow = "CANNOT_EXECUTE_FLOW_TRIGGER";
    check(
        flow,
        "We can\u{2019}t save this record because the \u{201c}Case Created\u{201d} process failed. Give your Salesforce admin these details.",
        Some("Case Created"),
    );
    check(
        flow,
        "The flow \"Route lead\" failed on \"Jane\".",
        Some("Route lead"),
    );
    check(
        flow,
        "A flow trigger failed to execute the flow with version ID 3015g000000AbCdAAK.",
        Some("flow version 3015g000000AbCd"),
    );
    check(
        flow,
        "An error occurred for \"Jane\" 0035g00000AbCdEAAV",
        None,
    );
    let code = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY";
    check(
        code,
        "CaseTrigger: execution of BeforeInsert\n\ncaused by: System.NullPointerException",
        Some("CaseTrigger"),
    );
    check(
        code,
        "npsp.TDTM_Opportunity: execution of AfterInsert",
        Some("npsp.TDTM_Opportunity"),
    );
    check(
        code,
        "System.LimitException: Apex CPU time limit exceeded",
        None,
    );
    check(code, "entity type cannot be updated: Account", None);
    check("DUPLICATES_DETECTED", "Use one of these records?", None);
    check(
        "STRING_TOO_LONG",
        "Account Name: data value too large",
        None,
    );
}
