//! A buffer of edits over a store that holds every other row as it is, and says less of the others
//! than is pending for them.
use std::sync::{Arc, Once};
use tiepoint_core::{Aggregate, Edit, Feature, Layer, Query, Value};
use tiepoint_edits::EditBuffer;
use tiepoint_store::{
    Capabilities, Features, LayerFacts, Plan, ReadControl, Result, Store, Transaction,
    TransactionOptions,
};

/// Its first transaction is one of the store below; what is asked after that is asked of the buffer.
pub(crate) struct HalfPending {
    below: Arc<dyn Store>,
    buffer: EditBuffer,
    is_loading: Once,
    is_loaded: Once,
}

impl HalfPending {
    pub(crate) fn over(below: Arc<dyn Store>) -> Self {
        let buffer = EditBuffer::over(Arc::clone(&below));
        Self { below, buffer, is_loading: Once::new(), is_loaded: Once::new() }
    }

    fn buffer(&self) -> &EditBuffer {
        self.is_loaded.call_once(|| {
            for layer in self.below.layers().expect("lists") {
                self.part(&layer);
            }
            assert!(self.buffer.is_dirty());
        });
        &self.buffer
    }

    /// Takes values from every other row below, and gives them back above.
    fn part(&self, layer: &Layer) {
        let rows = self.below.read(&Query::layer(layer.name())).expect("reads");
        let rows: Vec<Feature> = rows.collect::<Result<_>>().expect("every row reads");
        let rows: Vec<Feature> = rows.into_iter().step_by(2).collect();
        let mut without = self.below.begin(TransactionOptions::default()).expect("begins");
        for row in &rows {
            let bare = Edit::Update(changed(row, |_| Some(Value::Null)));
            without.write(layer.name(), bare).expect("is written");
        }
        without.commit().expect("commits");
        let again = self.buffer.edit("as it was", |it| {
            rows.iter().try_for_each(|row| {
                it.write(layer.name(), Edit::Update(changed(row, Clone::clone))).map(drop)
            })
        });
        again.expect("is pending");
    }
}

/// The row with other values in the fields that may be without one.
fn changed(row: &Feature, value: impl Fn(&Option<Value>) -> Option<Value>) -> Feature {
    let fields = row.schema().fields().iter().zip(row.values());
    let values = fields.map(|(field, said)| {
        let is_free = field.nullable && !field.unique && !field.generated && field.name != "pk";
        if is_free { value(said) } else { None }
    });
    let changed = Feature::with_values(Arc::clone(row.schema()), values.collect());
    changed.with_id(row.id).with_fid(row.fid.clone())
}

impl Store for HalfPending {
    fn name(&self) -> &str {
        self.buffer.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.buffer.capabilities()
    }

    fn layers(&self) -> Result<Vec<Arc<Layer>>> {
        self.buffer().layers()
    }

    fn layer(&self, name: &str) -> Result<Arc<Layer>> {
        self.buffer().layer(name)
    }

    fn facts(&self, layer: &str) -> Result<LayerFacts> {
        self.buffer().facts(layer)
    }

    fn read_with(&self, query: &Query, control: &ReadControl) -> Result<Features<'static>> {
        self.buffer().read_with(query, control)
    }

    fn explain(&self, query: &Query) -> Result<Plan> {
        self.buffer().explain(query)
    }

    fn aggregate(&self, query: &Query, aggregates: &[Aggregate]) -> Result<Vec<Value>> {
        self.buffer().aggregate(query, aggregates)
    }

    fn place(&self) -> Result<Option<String>> {
        self.buffer.place()
    }

    fn begin(&self, options: TransactionOptions) -> Result<Box<dyn Transaction + '_>> {
        if !self.is_loading.is_completed() {
            self.is_loading.call_once(|| ());
            return self.below.begin(options);
        }
        self.buffer().begin(options)
    }

    fn freshness(&self) -> Result<u64> {
        self.buffer().freshness()
    }
}
