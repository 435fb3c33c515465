//! The stages of opportunities: rows of `OpportunityStage` and values of `StageName` that say the same.

use super::Salesforce;
use super::cell::Cell;
use super::ids;
use super::rows::Row;
use super::save::Doer;

/// API name, probability, closed, won.
const STAGES: [(&str, f64, bool, bool); 8] = [
    ("Prospecting", 10.0, false, false),
    ("Qualification", 10.0, false, false),
    ("Needs Analysis", 20.0, false, false),
    ("Value Proposition", 50.0, false, false),
    ("Proposal/Price Quote", 75.0, false, false),
    ("Negotiation/Review", 90.0, false, false),
    ("Closed Won", 100.0, true, true),
    ("Closed Lost", 0.0, true, false),
];

const TABLE: &str = "OpportunityStage";

/// Whether this is the field whose values are stages.
pub(crate) fn is_stage(object: &str, field: &str) -> bool {
    object == "Opportunity" && field == "StageName"
}

impl Salesforce {
    /// The stages an org begins with.
    pub(crate) fn settle_stages(&mut self) {
        for (place, (name, probability, closed, won)) in (1_u32..).zip(STAGES) {
            let id = ids::with_suffix(&format!("01JQy{place:010}"));
            self.settle_row(
                TABLE,
                &id,
                &[
                    ("MasterLabel", Cell::Text(name.to_owned())),
                    ("ApiName", Cell::Text(name.to_owned())),
                    ("IsActive", Cell::Bool(true)),
                    ("SortOrder", Cell::Number(f64::from(place))),
                    ("IsClosed", Cell::Bool(closed)),
                    ("IsWon", Cell::Bool(won)),
                    ("DefaultProbability", Cell::Number(probability)),
                ],
            );
        }
    }

    /// The row of a stage; two stages never share an API name.
    pub(crate) fn stage_row(&self, name: &str) -> Option<&Row> {
        let table = self.table(TABLE);
        let column = table.schema.column("ApiName")?;
        table
            .rows()
            .find(|row| row.cell(column).text() == Some(name))
    }

    /// The first stage that can be chosen and ends nothing.
    pub(crate) fn first_open_stage(&self) -> Cell {
        let mut open: Vec<&Row> = self
            .table(TABLE)
            .rows()
            .filter(|row| self.stage_cell(row, "IsActive").is_true())
            .filter(|row| !self.stage_cell(row, "IsClosed").is_true())
            .collect();
        open.sort_by(|left, right| {
            let place = |row: &Row| match self.stage_cell(row, "SortOrder") {
                Cell::Number(place) => place,
                Cell::Null | Cell::Bool(_) | Cell::Text(_) | Cell::Moment(_) => f64::MAX,
            };
            place(left).total_cmp(&place(right))
        });
        open.first()
            .map_or(Cell::Null, |row| self.stage_cell(row, "ApiName"))
    }

    /// One cell of a stage.
    pub(crate) fn stage_cell(&self, stage: &Row, name: &str) -> Cell {
        let column = self.table(TABLE).schema.column(name);
        column.map_or(Cell::Null, |column| stage.cell(column).clone())
    }

    /// Writes cells of a stage, which is new when nobody has its name.
    pub(crate) fn put_stage_row(&mut self, name: &str, cells: &[(&str, Cell)]) {
        let known = self.stage_row(name).cloned();
        let mut row = known.unwrap_or_else(|| self.new_stage(name));
        self.fill(&mut row, cells);
        self.store(TABLE, row, Doer::Human);
    }

    fn new_stage(&mut self, name: &str) -> Row {
        let place = u32::try_from(self.table(TABLE).rows().count()).unwrap_or(0) + 1;
        let mut row = Row::new(self.mint.next("01J"));
        self.fill(
            &mut row,
            &[
                ("MasterLabel", Cell::Text(name.to_owned())),
                ("ApiName", Cell::Text(name.to_owned())),
                ("SortOrder", Cell::Number(f64::from(place))),
                ("IsActive", Cell::Bool(true)),
                ("IsClosed", Cell::Bool(false)),
                ("IsWon", Cell::Bool(false)),
            ],
        );
        row
    }

    fn fill(&self, row: &mut Row, cells: &[(&str, Cell)]) {
        let schema = &self.table(TABLE).schema;
        for (name, cell) in cells {
            if let Some(column) = schema.column(name) {
                row.set(column, cell.clone());
            }
        }
    }

    /// Brings the stages in line with the values of `StageName`.
    pub(crate) fn stages_from_choices(&mut self) {
        let schema = &self.table("Opportunity").schema;
        let Some(column) = schema.column("StageName") else {
            return;
        };
        let choices = schema.fields[column].choices.clone();
        for choice in choices {
            let active = Cell::Bool(choice.active);
            let differs = self
                .stage_row(&choice.value)
                .is_none_or(|row| self.stage_cell(row, "IsActive") != active);
            if differs {
                self.put_stage_row(&choice.value, &[("IsActive", active)]);
            }
        }
        self.tables.commit();
    }
}
