//! The parameters of one address, from wherever they come.
//!
//! What the address says counts most, then its service, then the environment, as libpq has it.
use super::parameters;
use super::surroundings::Surroundings;
use super::text;
use std::collections::BTreeMap;
use std::str::FromStr;

/// Values by parameter. An empty one stands for the default, and still hides what counts less.
pub(super) struct Settings(BTreeMap<&'static str, String>);

impl Settings {
    pub(super) fn gather(text: &str, around: &Surroundings<'_>) -> Result<Self, String> {
        let mut settings = Self(BTreeMap::new());
        for (name, value) in text::pairs(text)? {
            settings.0.insert(parameters::parameter(&name)?.name, value);
        }
        settings.add_service(around)?;
        for (name, variable) in parameters::with_variables() {
            if let Some(value) = around.variable(variable) {
                settings.0.entry(name).or_insert(value);
            }
        }
        Ok(settings)
    }

    fn add_service(&mut self, around: &Surroundings<'_>) -> Result<(), String> {
        let given = |name, variable| {
            let value = self.text(name).map(str::to_owned).or_else(|| around.variable(variable));
            value.filter(|value| !value.is_empty())
        };
        let file = given("servicefile", "PGSERVICEFILE");
        let Some(service) = given("service", "PGSERVICE") else { return Ok(()) };
        for (name, value) in around.service(&service, file.as_deref())? {
            self.0.entry(parameters::parameter(&name)?.name).or_insert(value);
        }
        Ok(())
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A value with commas, taken apart; an empty part stands for the default.
    pub(super) fn list(&self, name: &str) -> Vec<&str> {
        self.text(name).map(|text| text.split(',').map(str::trim).collect()).unwrap_or_default()
    }

    pub(super) fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>, String> {
        let parse = |text: &str| text.trim().parse().ok();
        match self.text(name) {
            None => Ok(None),
            Some(text) => match parse(text) {
                Some(number) => Ok(Some(number)),
                None => Err(format!("`{name}` must be a whole number that is not too large")),
            },
        }
    }

    /// One of a few words, the first being the default.
    pub(super) fn choice<T: Copy>(&self, name: &str, choices: &[(&str, T)]) -> Result<T, String> {
        let chosen = match self.text(name) {
            None => choices.first(),
            Some(text) => choices.iter().find(|(word, _)| *word == text),
        };
        chosen.map(|(_, choice)| *choice).ok_or_else(|| {
            let words: Vec<_> = choices.iter().map(|(word, _)| format!("`{word}`")).collect();
            format!("`{name}` must be one of {}", words.join(", "))
        })
    }
}
