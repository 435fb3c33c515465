//! The rules of both references, each with the message that stands there: which type an answer
//! becomes, and which field and rule its cause is known by.
//!
//! A row's mark says how far its words can be believed: *real* ones were seen in a live account,
//! *documented* ones stand in the vendor's documentation, *assumed* ones are plausible only.

use syncline::domain::catalogue::Catalogue;
use syncline::domain::classify::{classify, is_transient, rule_named};
use syncline::domain::failure::{Fact, Failure, System};
use syncline::domain::record::{FieldName, ObjectName, Side};

/// The reference's row | mark | object | code | fields | fact | message => type | field | rule.
/// A type `passes` is no error while tries are left. Fields are as the answer gives them; fact is
/// what we knew.
const SALESFORCE: &str = "
1 | real | contact | UNABLE_TO_LOCK_ROW | | | unable to obtain exclusive access to this record or 200 records: 0015e00000tW1f0 => passes | | 
1 | real | contact | REQUEST_LIMIT_EXCEEDED | | | TotalRequests Limit exceeded. => passes | | 
1 | documented | contact | TOO_MANY_APEX_REQUESTS | | | => passes | | 
1 | assumed | contact | UNKNOWN_EXCEPTION | | | An unexpected error occurred. Please include this ErrorId if you contact support: 123-45 (-678) => passes | | 
2 | documented | contact | ALL_OR_NONE_OPERATION_ROLLED_BACK | | | => passes | | 
2 | documented | contact | PROCESSING_HALTED | | | => passes | | 
2 | documented | contact | BATCH_PROCESSING_HALTED | | | => passes | | 
3 | real | lead | CANNOT_UPDATE_CONVERTED_LEAD | | | cannot reference converted lead => sf-access | | 
3 | real | contact | NOT_FOUND | | | The requested resource does not exist => sf-access-or-missing | | 
4 | assumed | task | CANNOT_EXECUTE_FLOW_TRIGGER | | | An error occurred: REQUIRED_FIELD_MISSING: Required fields are missing: [ContactId] => missing-contact-id | | 
4 | assumed | deal | FLOW_EXCEPTION | | | MISSING_ARGUMENT: Id not specified in an update call, WhoId => missing-contact-id | | 
5 | assumed | deal | CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY | | | RoleTrigger: execution of AfterInsert\\n\\ncaused by: System.DmlException: Insert failed. First exception on row 0; first error: REQUIRED_FIELD_MISSING, Required fields are missing: [ContactId] => missing-contact-id | | RoleTrigger
5 | assumed | deal | APEX_ERROR | | | Roles: INVALID_CROSS_REFERENCE_KEY for 0035g00000AbCdEAAV => missing-contact-id | | Roles
6 | documented | task | REQUIRED_FIELD_MISSING | WhoId | | Required fields are missing: [WhoId] => missing-contact-id | WhoId | 
6 | documented | contact | REQUIRED_FIELD_MISSING | ContactId | | Required fields are missing: [ContactId] => missing-contact-id | ContactId | 
7 | assumed | contact | CANNOT_EXECUTE_FLOW_TRIGGER | | | We can\u{2019}t save this record because the \u{201c}Case Created\u{201d} process failed. Give your Salesforce admin these details. An error occurred when executing a flow interview. => sf-flow | | Case Created
7 | documented | contact | MAX_DEPTH_IN_FLOW_EXECUTION | | | => sf-flow | | 
7 | real | contact | CANNOT_EXECUTE_FLOW_TRIGGER | | | The \u{201c}Route\u{201d} process failed. Queue not associated with this SObject type => sf-flow | | Route
8 | real | company | CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY | | | entity type cannot be updated: Account => sf-access | | 
8 | real | contact | CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY | | | entity type cannot be inserted: Case History => sf-access | | 
9 | assumed | contact | CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY | | | The record couldn\u{2019}t be saved because it failed to trigger a flow. => sf-flow | | 
10 | real | contact | CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY | | | CaseTrigger: execution of BeforeInsert\\n\\ncaused by: System.NullPointerException: Attempt to de-reference a null object\\n\\nTrigger.X: line 3, column 1 => sf-automation | | CaseTrigger
10 | documented | contact | SELF_REFERENCE_FROM_TRIGGER | | | => sf-automation | | 
10 | documented | contact | RECORD_IN_USE_BY_WORKFLOW | | | => sf-automation | | 
11 | real | contact | FIELD_CUSTOM_VALIDATION_EXCEPTION | Status | | You must select the Lead Status Reason => sf-validation-rule | Status | You must select the Lead Status Reason
12 | documented | contact | DUPLICATES_DETECTED | | | Use one of these records? => sf-duplicate-rule | | 
12 | real | contact | DUPLICATES_DETECTED | | | You're creating a duplicate record. We recommend you use an existing record instead. => sf-duplicate-rule | | 
13 | real | contact | DUPLICATE_VALUE | | | duplicate value found: Ext__c duplicates value on record with id: 0015e00000tW1f0 => unique-value | | 
13 | documented | contact | DUPLICATE_EXTERNAL_ID | | | => unique-value | | 
14 | real | contact | INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY | | | insufficient access rights on cross-reference id: 0015e00000tW1f0 => sf-access-or-missing | | 
14 | documented | contact | ENTITY_IS_DELETED | | | entity is deleted => sf-access-or-missing | | 
14 | assumed | contact | INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY | AccountId | parent_not_linked | insufficient access rights on cross-reference id: 0015e00000tW1f0 => waiting-account | AccountId | 
15 | real | contact | INVALID_FIELD_FOR_INSERT_UPDATE | Name | | Unable to create/update fields: Name. Please check the security settings of this field and verify that it is read/write for your profile or permission set. => sf-field-permission | Name | 
16 | real | contact | INVALID_FIELD | | field_described | No such column 'Foo__c' on sobject of type Contact => sf-field-permission | | 
17 | real | contact | INVALID_FIELD | Foo__c | field_not_described | No such column 'Foo__c' on sobject of type Contact => type-mismatch | Foo__c | 
18 | real | contact | INSUFFICIENT_ACCESS_OR_READONLY | | | insufficient access rights on object id => sf-access | | 
18 | assumed | contact | INSUFFICIENT_ACCESS | | | insufficient access rights on object id => sf-access | | 
18 | assumed | contact | FORBIDDEN | | | => sf-access | | 
18 | documented | contact | TRANSFER_REQUIRES_READ | | | => sf-access | | 
18 | real | lead | INVALID_TYPE | | | sObject type 'Lead' is not supported. => sf-access | | 
18 | assumed | contact | PACKAGE_LICENSE_REQUIRED | | | => sf-access | | 
18 | real | deal | ENTITY_IS_LOCKED | | | This record is locked. If you need to edit it, contact your admin. => sf-access | | 
19 | real | contact | INACTIVE_OWNER_OR_USER | OwnerId | | operation performed with inactive user [0055e000001AbCd] as owner of contact => sf-owner-inactive | OwnerId | 
20 | real | task | INVALID_OPERATION | | | Queue not associated with this SObject type => owner-assignment | | 
21 | assumed | contact | INVALID_CROSS_REFERENCE_KEY | OwnerId | | Owner ID: owner cannot be blank => owner-assignment | OwnerId | 
21 | assumed | task | MALFORMED_ID | OwnerId | | Assigned To ID: id value of incorrect type: 00G5e000001AbCdEAA => owner-assignment | OwnerId | 
21 | documented | contact | OP_WITH_INVALID_USER_TYPE_EXCEPTION | | | => owner-assignment | | 
21 | documented | contact | INVALID_USERID | | | => owner-assignment | | 
22 | real | deal | INVALID_CROSS_REFERENCE_KEY | RecordTypeId | | Record Type ID: this ID value isn't valid for the user: 0128M0000001abcQAA => sales-process-missing | RecordTypeId | 
22 | documented | deal | UNAVAILABLE_RECORDTYPE_EXCEPTION | | | => sales-process-missing | | 
23 | real | contact | INVALID_CROSS_REFERENCE_KEY | RecordTypeId | | Record Type ID: this ID value isn't valid for the user: 0128M0000001abcQAA => sf-access | RecordTypeId | 
24 | assumed | deal | INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST | StageName | | Stage: bad value for restricted picklist field: Registered => stage-missing | StageName | 
24 | documented | deal | REQUIRED_FIELD_MISSING | StageName | | Required fields are missing: [StageName] => stage-missing | StageName | 
25 | real | contact | FIELD_INTEGRITY_EXCEPTION | MailingState | | A country/territory must be specified before specifying a state value for field: Mailing State/Province => country-required | MailingState | must be specified before specifying a state
26 | real | contact | FIELD_INTEGRITY_EXCEPTION | MailingCountry | | There's a problem with this country, even though it may appear correct. Please select a country/territory from the list of valid countries. => state-country-mismatch | MailingCountry | 
26 | real | contact | FIELD_INTEGRITY_EXCEPTION | MailingState | | There's a problem with this state, even though it may appear correct. Please select a state from the list of valid states. => state-country-mismatch | MailingState | 
26 | real | company | FIELD_INTEGRITY_EXCEPTION | BillingState | | The existing country/territory doesn't recognize the state value for field: Billing State/Province Code => state-country-mismatch | BillingState | 
26 | real | company | FIELD_INTEGRITY_EXCEPTION | BillingStateCode | | The BillingStateCode field contains FD, which isn't an available state. Your administrator can add it for you. => state-country-mismatch | BillingStateCode | 
26 | assumed | contact | INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST | MailingCountryCode | | Mailing Country Code: bad value for restricted picklist field: XX => state-country-mismatch | MailingCountryCode | 
27 | real | contact | INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST | Tier__c | option_known | Tier: bad value for restricted picklist field: Gold => sf-option-missing | Tier__c | 
27 | assumed | contact | INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST | Tier__c | option_inactive | Tier: bad value for restricted picklist field: Bronze => sf-option-missing | Tier__c | 
28 | real | contact | INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST | Job__c | | Job Category: bad value for restricted picklist field: NURSE => restricted-picklist | Job__c | 
29 | documented | contact | TOO_MANY_ENUM_VALUE | Interests__c | | Interests: too many values => option-limit | Interests__c | 
30 | real | company | STRING_TOO_LONG | Name | | Account Name: data value too large: eaj (max length=255) => string-too-long | Name | 
30 | documented | task | MAX_TASK_DESCRIPTION_EXCEEEDED | | | => string-too-long | | 
31 | documented | contact | INVALID_EMAIL_ADDRESS | Email | | Email: invalid email address: Not a real email address => invalid-email | Email | 
32 | assumed | contact | REQUIRED_FIELD_MISSING | MailingCountry | | Required fields are missing: [MailingCountry] => country-required | MailingCountry | 
33 | real | contact | REQUIRED_FIELD_MISSING | LastName | | Required fields are missing: [LastName] => value-required | LastName | 
33 | documented | contact | MISSING_ARGUMENT | | | => value-required | | 
34 | documented | contact | MALFORMED_ID | AccountId | | Account ID: id value of incorrect type: 001900K0001pPuOAAU => sf-id-missing | AccountId | 
34 | documented | contact | MALFORMED_ID | | | malformed id 001RM000003oLrB000 => sf-id-missing | | 
35 | real | contact | INVALID_CROSS_REFERENCE_KEY | Partner__c | | invalid cross reference id => sf-id-invalid | Partner__c | 
35 | documented | contact | INVALID_ID_FIELD | | | => sf-id-invalid | | 
36 | real | contact | FIELD_FILTER_VALIDATION_EXCEPTION | Partner__c | | Value does not exist or does not match filter criteria. => sf-id-invalid | Partner__c | 
37 | real | contact | JSON_PARSER_ERROR | | | Cannot deserialize instance of datetime from VALUE_STRING value 2013-13 or request may be missing a required field at [line:1, column:179] => type-mismatch | | 
37 | real | contact | INVALID_TYPE_ON_FIELD_IN_RECORD | Employees__c | | Employees: value not of required type: many => type-mismatch | Employees__c | 
38 | real | company | NUMBER_OUTSIDE_VALID_RANGE | NumberOfEmployees | | Employees: value outside of valid range on numeric field: 1431655766 => invalid-value | NumberOfEmployees | 
38 | documented | deal | INVALID_CURRENCY_ISO | CurrencyIsoCode | | => invalid-value | CurrencyIsoCode | 
38 | documented | contact | TEXT_DATA_OUTSIDE_SUPPORTED_CHARSET | LastName | | => invalid-value | LastName | 
38 | real | contact | FIELD_INTEGRITY_EXCEPTION | | | Every asset needs an account, a contact, or both. => invalid-value | | 
39 | documented | contact | STORAGE_LIMIT_EXCEEDED | | | storage limit exceeded => other | | 
39 | documented | contact | LIMIT_EXCEEDED | | | => other | | 
39 | assumed | contact | NEVER_HEARD_OF | | | => other | | 
";

/// The same for answers of HubSpot; the rows are those of its reference's list of errors.
const HUBSPOT: &str = r#"
1 | real | contact | CONFLICT | | | Contact already exists. Existing ID: 37765128953 => email-in-use | | 
2 | real | contact | VALIDATION_ERROR | | | Property values were not valid: [{"isValid":false,"message":"Email address bcooper@example.con is invalid","error":"INVALID_EMAIL","name":"email"}] => invalid-email | | 
3 | documented | contact | PROPERTY_DOESNT_EXIST | missing | | Property "missing" does not exist => type-mismatch | missing | 
4 | real | contact | INVALID_OPTION | topic | | reports was not one of the allowed options: [PRODUCT_ISSUE, BILLING_ISSUE] => options-mismatch | topic | 
4 | assumed | contact | INVALID_OPTION | state | | CAL was not one of the allowed options: [CA, NY] => state-country-mismatch | state | 
4 | assumed | contact | INVALID_OPTION | hs_country_region_code | | XX was not one of the allowed options: [IT] => state-country-mismatch | hs_country_region_code | 
5 | real | deal | INVALID_OPTION | dealstage | | registered is not a valid pipeline stage ID. Valid options are: pipelineId=default : [appointmentscheduled, closedlost] => stage-missing | dealstage | 
5 | assumed | deal | INVALID_OPTION | pipeline | | other is not a valid pipeline ID => stage-missing | pipeline | 
5 | assumed | deal | INVALID_OPTION | dealstage | option_inactive | Pilot is not a valid pipeline stage ID => stage-inactive | dealstage | 
6 | assumed | contact | INVALID_OWNER_ID | hubspot_owner_id | | Owner 123 does not exist => sf-owners-unsynced | hubspot_owner_id | 
6 | assumed | task | INVALID_OWNER_ID | hubspot_owner_id | | Owner 123 does not exist => owner-assignment | hubspot_owner_id | 
6 | assumed | deal | INVALID_OPTION | hubspot_owner_id | | Owner 123 does not exist => sf-owners-unsynced | hubspot_owner_id | 
7 | real | contact | INVALID_LONG | score | | 1/1/1 was not a valid long. => type-mismatch | score | 
7 | documented | contact | INVALID_INTEGER | discount | | discount was not a valid number => type-mismatch | discount | 
7 | assumed | contact | INVALID_DOUBLE | discount | | discount was not a valid number => type-mismatch | discount | 
8 | real | contact | INVALID_DATE | born | | 1641038400000 is at 12:0:0.0 UTC, not midnight! => type-mismatch | born | 
8 | assumed | contact | INVALID_DATE | born | | x was not a valid date => type-mismatch | born | 
9 | assumed | contact | INVALID_BOOLEAN | vip | | maybe was not a valid boolean => type-mismatch | vip | 
10 | real | deal | READ_ONLY_VALUE | hs_first_order_closed_date | | "hs_first_order_closed_date" is a read only property; its value cannot be set. => type-mismatch | hs_first_order_closed_date | 
11 | real | deal | VALIDATION_ERROR | | | Error creating DEAL. Some required properties were not set. => value-required | | 
11 | real | deal | VALIDATION_ERROR | | | Cannot create object with type: TICKET. The following required properties were missing => value-required | | 
12 | documented | deal | MISSING_REQUIRED_PROPERTY | dealname | | => value-required | dealname | 
12 | documented | deal | MISSING_CONDITIONAL_REQUIRED_PROPERTY | amount | | => value-required | amount | 
13 | real | deal | VALIDATION_ERROR | | | Cannot set PropertyValueCoordinates{portalId=1, objectTypeId=ObjectTypeId{legacyObjectType=DEAL}, propertyName=order_id, value=ABC} on 48328838322. 51090765207 already has that value. => unique-value | | 
13 | assumed | contact | VALIDATION_ERROR | | | Cannot set PropertyValueCoordinates{portalId=1, objectTypeId=ObjectTypeId{legacyObjectType=CONTACT}, propertyName=email, value=a@b.example} on 48328838322. 51090765207 already has that value. => email-in-use | | 
14 | real | contact | OBJECT_NOT_FOUND | | | resource not found => other | | 
14 | assumed | deal | OBJECT_NOT_FOUND | | parent_not_linked | resource not found => waiting-account | | 
15 | real | contact | OBJECT_NOT_FOUND | | | Could not get some CONTACT objects, they may be deleted or not exist. Check that ids are valid. => other | | 
16 | real | contact | ASSOCIATION_USER_CONFIG_LIMIT_EXCEEDED | | | => assoc-limit | | 
17 | assumed | contact | crm.associations.ASSOCIATION_LIMIT_EXCEEDED | | | => assoc-limit | | 
18 | assumed | contact | VALIDATION_ERROR | | parent_not_linked | COMPANY=1 is not valid => waiting-account | | 
18 | assumed | contact | VALIDATION_ERROR | | | association type id 36 doesn't exist between contact and company => other | | 
19 | real | contact | VALIDATION_ERROR | | | No properties found to update, please provide at least one. => other | | 
20 | real | contact | VALIDATION_ERROR | | | Unable to infer object type from: foo => other | | 
21 | assumed | contact | VALIDATION_ERROR | | | too many filters => invalid-value | | 
22 | assumed | company | PROPERTY_VALUE_TOO_LONG | description | | Property "description" value length exceeds 65536 => string-too-long | description | 
23 | assumed | contact | PROPERTY_VALIDATION_RULE_FAILED | vat | | A VAT number has eleven digits => invalid-value | vat | 
24 | documented | contact | MISSING_SCOPES | | | => other | | 
25 | documented | contact | INVALID_AUTHENTICATION | | | => other | | 
26 | assumed | contact | LOCKED | | | => passes | | 
27 | real | contact | RATE_LIMITS | | | You have reached your ten_secondly_rolling limit. => passes | | 
30 | real | contact | INTERNAL_ERROR | | | internal error => passes | | 
31 | documented | contact | VALIDATION_ERROR | | | Cannot have more than 250 identities on a profile => other | | 
32 | documented | contact | OBJECT_ALREADY_EXISTS | | | => other | | 
"#;

fn known(word: &str) -> Fact {
    match word {
        "parent_not_linked" => Fact::ParentLinked(false),
        "field_described" => Fact::FieldDescribed(true),
        "field_not_described" => Fact::FieldDescribed(false),
        "option_known" => Fact::OptionKnown(true),
        "option_inactive" => Fact::OptionActive(false),
        _ => panic!("the table names an unknown fact {word:?}"),
    }
}

fn cells(text: &str) -> Vec<&str> {
    text.split('|').map(str::trim).collect()
}

/// What the row's answer becomes, in the words of the table.
fn becomes(catalogue: &Catalogue, to: Side, answer: &[&str]) -> String {
    let [_, _, object, code, field, fact, message] = *answer else {
        panic!("a row has seven cells before the arrow: {answer:?}")
    };
    let message = message.replace("\\n", "\n");
    let mut failure = Failure::of(System::from(to), code);
    let named = FieldName::parse(field).ok();
    failure.fields.extend(named);
    failure
        .facts
        .extend((!fact.is_empty()).then(|| known(fact)));
    let object = ObjectName::parse(object).unwrap();
    let slug = if is_transient(&failure, &message) {
        "passes".to_owned()
    } else {
        classify(catalogue, to, &object, &failure, &message).to_string()
    };
    let rule = rule_named(code, &message).unwrap_or_default();
    format!("{slug} | {field} | {rule}")
}

/// The rows that become something else, each with its mark.
fn check(to: Side, table: &str) {
    let catalogue = Catalogue::shipped();
    let mut wrong = Vec::new();
    for line in table.lines().filter(|line| !line.is_empty()) {
        let (answer, expected) = line.rsplit_once("=>").unwrap();
        let answer = cells(answer);
        assert!(
            ["real", "documented", "assumed"].contains(&answer[1]),
            "no mark: {line}"
        );
        let found = becomes(&catalogue, to, &answer);
        if cells(&found) != cells(expected) {
            let (row, mark, code) = (answer[0], answer[1], answer[3]);
            wrong.push(format!(
                "row {row}, {mark}: {code} becomes {found:?}, not {expected:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The rows that a table has, by number.
fn rows(table: &str) -> Vec<u32> {
    let lines = table.lines().filter(|line| !line.is_empty());
    let mut rows: Vec<u32> = lines.map(|line| cells(line)[0].parse().unwrap()).collect();
    rows.dedup();
    rows
}

#[test]
fn every_rule_of_the_reference_becomes_its_type_when_salesforce_answers() {
    check(Side::Salesforce, SALESFORCE);
    let all: Vec<u32> = (1..=39).collect();
    assert_eq!(rows(SALESFORCE), all);
}

#[test]
fn every_error_of_the_reference_becomes_its_type_when_hubspot_answers() {
    check(Side::HubSpot, HUBSPOT);
    // Two of them have no body that could be classified: a status alone says that they pass.
    let all: Vec<u32> = (1..=32).filter(|row| ![28, 29].contains(row)).collect();
    assert_eq!(rows(HUBSPOT), all);
    for status in [477, 502, 503, 504] {
        let mut failure = Failure::of(System::HubSpot, "");
        failure.status = status;
        assert!(is_transient(&failure, ""), "{status}");
    }
}
