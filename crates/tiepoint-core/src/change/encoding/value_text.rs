//! Single values as text, as change sets write them: for documents beside change sets.
use super::json_members::check;
use super::{DecodeError, json_value};
use crate::Value;

impl Value {
    /// This value as JSON, as [`ChangeSet::to_json`](crate::ChangeSet::to_json) writes it: plainly
    /// where JSON can say it, else with a tag. Nothing gets lost.
    ///
    /// ```
    /// use tiepoint_core::Value;
    /// assert_eq!(Value::Real(12.0).to_tagged_json(), "12.0");
    /// let day = Value::from_tagged_json(r#"{"date": "2024-02-29"}"#)?;
    /// assert_eq!(day.to_tagged_json(), r#"{"date": "2024-02-29"}"#);
    /// # Ok::<(), tiepoint_core::DecodeError>(())
    /// ```
    #[must_use]
    pub fn to_tagged_json(&self) -> String {
        let mut text = String::new();
        json_value::write(self, &mut text);
        text
    }

    /// Reads what [`to_tagged_json`](Self::to_tagged_json) writes, as people may have typed it.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] where the text is not JSON, or no value.
    pub fn from_tagged_json(text: &str) -> Result<Self, DecodeError> {
        Ok(json_value::read(check(text)?)?)
    }
}
