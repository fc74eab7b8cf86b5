//! What was typed: the arguments of every subcommand, as text and numbers, with their help.
mod changes;
mod watching;

pub(crate) use changes::{
    ApplyArgs, ChangeFormatArg, ConflictArgs, DiffArgs, EditArgs, InvertArgs, MergeArgs,
    OutputArgs, RecoverArgs, Side,
};
pub(crate) use watching::{LogArgs, WatchArgs};

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::path::PathBuf;

/// Map features that stay tied to the objects they stand for
///
/// A store is a path or a URL: a GeoPackage file (`world.gpkg`, `gpkg:any/path`), or a PostGIS database
/// (`postgres://user@host/database?schema=city` as psql takes it, `PG:host=... dbname=...` as GDAL does). What is
/// not said of a database comes from the PG... variables, `~/.pgpass` and service files: `postgres:` is all from
/// there. With `&layer=trees` a URL names a layer, too, and LAYER can be left out.
/// A source or target is a path (GeoJSON, GeoJSON features line by line, or CSV) or `-`, the standard input
/// or output. Data goes to the standard output, everything else to the standard error.
#[derive(Debug, Parser)]
#[command(name = "tiepoint", version, propagate_version = true, arg_required_else_help = true)]
#[command(after_help = "Begin with `tiepoint tour`: it makes a small GeoPackage to try things on.")]
#[command(after_long_help = EXIT_CODES)]
pub(crate) struct Args {
    /// What is to be done.
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
Begin with `tiepoint tour`: it makes a small GeoPackage to try things on.

Exit codes:
    0  it is done
    1  `check` found faults that are still there; `diff` found differences
    2  invalid: the arguments, or what a document says, make no sense
    3  not found: a file, a layer, an object
    4  already exists: a layer, a file, an object id
    5  conflict: others changed the same, a constraint of the store, or a document that changed while it was read
    6  unsupported: no such driver or format, or more than it can do
    7  denied: read-only, or no permission
    8  unavailable: locked by another program, disk full; the same may work later
    9  corrupt: stored bytes do not mean what they claim to
   70  internal: a mistake in tiepoint; please report it
  130  stopped by Ctrl-C; what was being written is as it was. `watch` ends with 0: that is how it ends";

/// Everything that can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Import(Box<ImportArgs>),
    Export(Box<ExportArgs>),
    Layers(LayersArgs),
    Info(InfoArgs),
    Get(GetArgs),
    Query(Box<QueryArgs>),
    Explain(Box<ExplainArgs>),
    Tie(TieArgs),
    Untie(UntieArgs),
    Check(CheckArgs),
    Edit(EditArgs),
    Recover(RecoverArgs),
    Diff(DiffArgs),
    Apply(ApplyArgs),
    Invert(InvertArgs),
    Merge(MergeArgs),
    Watch(WatchArgs),
    Log(LogArgs),
    Tour(TourArgs),
    Completions(CompletionsArgs),
}

/// Bring a document, or layers of another store, into a store
///
/// All of it in one transaction: after an error, Ctrl-C or a crash, the store is as it was. The
/// store is made if it is not there. A document is read twice, first for its fields and types.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  tiepoint import tour.geojson world.gpkg --layer countries
  tiepoint import tour.geojson world.gpkg --layer countries --mode upsert
  tiepoint export tour.gpkg cities - | tiepoint import - world.gpkg --layer cities
  tiepoint import tour.gpkg backup.gpkg
  tiepoint import tour.gpkg 'postgres://anna@db.example/gis?schema=city'

A database must be there already; a new layer has its types, names of at most 63 bytes, and notes say what that
changes.

Object ids that the source carries are kept, others are minted. With `--key-field code
--key-namespace UUID` the same code is the same object on every import: choose a UUID once for
the layer and write it down.")]
pub(crate) struct ImportArgs {
    /// A document, `-`, or another store
    pub(crate) source: String,
    /// The store to bring it into
    pub(crate) store: String,
    /// The layer's name [default: the file's name without extension]
    #[arg(long, value_name = "NAME")]
    pub(crate) layer: Option<String>,
    /// The one layer of a source store that is meant [default: all]
    #[arg(long, value_name = "NAME")]
    pub(crate) source_layer: Option<String>,
    /// What to do to the layer
    #[arg(long, value_enum, default_value_t = Mode::Create)]
    pub(crate) mode: Mode,
    /// Take object ids (UUIDs) from this field
    #[arg(long, value_name = "FIELD", conflicts_with = "key_field")]
    pub(crate) id_field: Option<String>,
    /// Make object ids from this field, whose values name the objects
    #[arg(long, value_name = "FIELD", requires = "key_namespace")]
    pub(crate) key_field: Option<String>,
    /// The UUID of the namespace in which keys are names
    #[arg(long, value_name = "UUID", requires = "key_field")]
    pub(crate) key_namespace: Option<String>,
    /// What to do about a feature that cannot be imported
    #[arg(long, value_enum, default_value_t = OnError::Stop)]
    pub(crate) on_error: OnError,
    /// With `--on-error skip`: write what was skipped here, one JSON line per feature
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
    /// Pass over fields that an existing layer does not have
    #[arg(long)]
    pub(crate) ignore_unknown: bool,
    /// What to do with geometries that are not valid
    #[arg(long, value_enum, default_value_t = InvalidImport::Keep)]
    pub(crate) invalid: InvalidImport,
    /// How to read the document.
    #[command(flatten)]
    pub(crate) document: DocumentArgs,
}

/// How to read a document; what is not said is found out.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Reading documents")]
pub(crate) struct DocumentArgs {
    /// The format [default: by the file's extension]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<DocumentFormat>,
    /// The CRS of the coordinates, such as EPSG:25832 [CSV default: longitude and latitude]
    #[arg(long)]
    pub(crate) crs: Option<String>,
    /// CSV: the character between values; `tab` for a tabulator
    #[arg(long, value_name = "CHAR")]
    pub(crate) delimiter: Option<String>,
    /// CSV: the text encoding, such as utf-8 or windows-1252
    #[arg(long)]
    pub(crate) encoding: Option<String>,
    /// CSV: numbers are written 3,14
    #[arg(long)]
    pub(crate) decimal_comma: bool,
    /// CSV: the first line is data, too
    #[arg(long)]
    pub(crate) no_header: bool,
    /// CSV: the column of eastings or longitudes
    #[arg(long, value_name = "COLUMN", requires = "y")]
    pub(crate) x: Option<String>,
    /// CSV: the column of northings or latitudes
    #[arg(long, value_name = "COLUMN", requires = "x")]
    pub(crate) y: Option<String>,
    /// CSV: the column of geometries in well-known text
    #[arg(long, value_name = "COLUMN", conflicts_with = "x")]
    pub(crate) wkt: Option<String>,
    /// CSV: make every column text
    #[arg(long)]
    pub(crate) all_text: bool,
}

/// What an import does to its layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// Make it; it must not be there
    Create,
    /// Add every feature to it
    Append,
    /// Update the objects it knows, writing only what differs, and add the others
    Upsert,
    /// Remove it with all its features, and make it anew
    Replace,
}

/// What to do about a feature that cannot be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnError {
    /// Stop, write nothing, and say where it stands
    Stop,
    /// Pass it over and go on
    Skip,
}

/// What an import does with geometries that are not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum InvalidImport {
    /// Nothing; nobody looks
    Keep,
    /// Bring them in as they are, and list the first
    Report,
    /// Treat their features as such that cannot be imported
    Reject,
    /// Have PostGIS make valid ones of them, and list the first
    Repair,
}

/// The formats that documents come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DocumentFormat {
    /// GeoJSON (RFC 7946)
    Geojson,
    /// One GeoJSON feature per line; text sequences (RFC 8142) are read too
    Geojsonseq,
    /// Comma-separated values
    Csv,
}

/// Write features of a layer to a document
///
/// A file appears when all of it is written, never a part of it; one that is there already stays
/// unless `--overwrite` is given.
#[derive(Debug, ClapArgs)]
#[command(allow_missing_positional = true)]
#[command(after_help = "\
Examples:
  tiepoint export tour.gpkg countries countries.geojson
  tiepoint export tour.gpkg countries asia.csv --bbox 60,5,150,55 --fields name,pop_est
  tiepoint export tour.gpkg cities - --order name --limit 3")]
pub(crate) struct ExportArgs {
    /// The store
    pub(crate) store: String,
    /// The layer [default: the one that the store's URL names]
    pub(crate) layer: Option<String>,
    /// A path, or `-` for the standard output
    pub(crate) target: String,
    /// Which features.
    #[command(flatten)]
    pub(crate) select: SelectArgs,
    /// The format [default: by the file's extension; geojson for `-`]
    #[arg(long, value_enum)]
    pub(crate) format: Option<DocumentFormat>,
    /// Replace a file that is there already
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// How to write the document.
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// How to write a document.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Writing documents")]
pub(crate) struct WriteArgs {
    /// GeoJSON: cut geometries at the antimeridian, as RFC 7946 asks
    #[arg(long)]
    pub(crate) cut_antimeridian: bool,
    /// GeoJSON: keep the layer's coordinates and name its CRS, as the 2008 edition did
    #[arg(long)]
    pub(crate) crs_member: bool,
}

/// Which features, and what of them.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Which features")]
pub(crate) struct SelectArgs {
    /// Only what this CQL2 expression is true of, as text or JSON (OGC 21-065r2)
    #[arg(long, value_name = "CQL2", allow_hyphen_values = true)]
    pub(crate) filter: Option<String>,
    /// Only what is so near to a place, such as `500m:8.54,47.38`; also km, ft, mi, nmi
    #[arg(long, value_name = "DISTANCE:LON,LAT", allow_hyphen_values = true)]
    pub(crate) within: Option<String>,
    /// The nearest to a place, nearest first; 10 of them unless `--limit` says otherwise
    #[arg(long, value_name = "LON,LAT", conflicts_with = "order", allow_hyphen_values = true)]
    pub(crate) nearest: Option<String>,
    /// Only what meets this box; a box of longitudes may cross 180 degrees
    #[arg(long, value_name = "MIN_X,MIN_Y,MAX_X,MAX_Y", allow_hyphen_values = true)]
    pub(crate) bbox: Option<String>,
    /// The CRS that coordinates in `--filter` and `--bbox` are in [default: the layer's]
    #[arg(long, value_name = "CRS")]
    pub(crate) filter_crs: Option<String>,
    /// Only these fields, in this order; GeoJSON has the geometry besides
    #[arg(long, value_name = "FIELD,...", value_delimiter = ',')]
    pub(crate) fields: Option<Vec<String>>,
    /// A value to compute for each feature, in CQL2; may be given more than once
    #[arg(long, value_name = "NAME=CQL2")]
    pub(crate) compute: Vec<String>,
    /// Only one of several features that have the same values
    #[arg(long)]
    pub(crate) distinct: bool,
    /// Sort by these fields, or CQL2 expressions; `-field` or `field:desc` sorts from large to small
    #[arg(long, value_name = "FIELD,...", allow_hyphen_values = true)]
    pub(crate) order: Vec<String>,
    /// At most so many
    #[arg(long, value_name = "COUNT")]
    pub(crate) limit: Option<u64>,
    /// Without the first so many
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub(crate) offset: u64,
    /// Geometries in this CRS, such as EPSG:25832; what has no place there comes without one
    /// [default: the layer's; GeoJSON is in longitude and latitude]
    #[arg(long, value_name = "CRS")]
    pub(crate) crs: Option<String>,
    /// Geometries with less detail: no further off than this, in units of their CRS
    #[arg(long, value_name = "TOLERANCE", allow_hyphen_values = true)]
    pub(crate) simplify: Option<f64>,
    /// What to do with geometries that are not valid
    #[arg(long, value_enum, default_value_t = Invalid::Keep)]
    pub(crate) invalid: Invalid,
}

/// What to do with geometries that are not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Invalid {
    /// Nothing
    Keep,
    /// Leave their features out
    Skip,
    /// Stop, and say which and why
    Refuse,
}

/// List the layers of a store
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Example:
  tiepoint layers tour.gpkg")]
pub(crate) struct LayersArgs {
    /// The store
    pub(crate) store: String,
}

/// Describe a store, or one layer of it: fields, CRS, identity, extent
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  tiepoint info tour.gpkg
  tiepoint info tour.gpkg countries")]
pub(crate) struct InfoArgs {
    /// The store
    pub(crate) store: String,
    /// The layer
    pub(crate) layer: Option<String>,
}

/// Show the one feature that stands for an object
///
/// On a terminal one line per field, otherwise GeoJSON.
#[derive(Debug, ClapArgs)]
#[command(allow_missing_positional = true)]
#[command(after_help = "\
Examples:
  tiepoint get tour.gpkg countries e67609c5-78bd-5b1d-b95c-db36f822c7af
  tiepoint get tour.gpkg countries fid:2")]
pub(crate) struct GetArgs {
    /// The store
    pub(crate) store: String,
    /// The layer [default: the one that the store's URL names]
    pub(crate) layer: Option<String>,
    /// The object id, or `fid:` and what the store calls the row today
    pub(crate) id: String,
    /// How to show it [default: table on a terminal, geojson elsewhere]
    #[arg(long, value_enum)]
    pub(crate) format: Option<ShowFormat>,
    /// How to write a document.
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// Show the features of a layer that meet some conditions
///
/// On a terminal a table, otherwise GeoJSON.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  tiepoint query tour.gpkg countries --order -pop_est --limit 5
  tiepoint query tour.gpkg countries --bbox 177,-19,-178,-16 --fields name
  tiepoint query tour.gpkg cities --within 500km:36.8,-1.3 --fields name
  tiepoint query tour.gpkg cities --nearest 36.8,-1.3 --limit 3 --format csv
  tiepoint query tour.gpkg countries --filter \"continent = 'Africa' AND pop_est > 5e7\"
  tiepoint query tour.gpkg countries --compute 'km2=round(area(geom) / 1e6)' --order '-area(geom)'")]
pub(crate) struct QueryArgs {
    /// The store
    pub(crate) store: String,
    /// The layer [default: the one that the store's URL names]
    pub(crate) layer: Option<String>,
    /// Which features.
    #[command(flatten)]
    pub(crate) select: SelectArgs,
    /// Only how many there are
    #[arg(long)]
    pub(crate) count: bool,
    /// Give up after so many seconds
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true)]
    pub(crate) time_out: Option<f64>,
    /// How to show them [default: table on a terminal, geojson elsewhere]
    #[arg(long, value_enum)]
    pub(crate) format: Option<ShowFormat>,
    /// How to write a document.
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// Tell how a query is answered: by which index, and what ran where
///
/// The query is run for that, so this costs as much as the query itself.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Example:
  tiepoint explain tour.gpkg cities --within 500km:36.8,-1.3")]
pub(crate) struct ExplainArgs {
    /// The store
    pub(crate) store: String,
    /// The layer [default: the one that the store's URL names]
    pub(crate) layer: Option<String>,
    /// Which features.
    #[command(flatten)]
    pub(crate) select: SelectArgs,
}

/// How features are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ShowFormat {
    /// For reading: geometries as a summary
    Table,
    /// GeoJSON (RFC 7946)
    Geojson,
    /// One GeoJSON feature per line
    Geojsonseq,
    /// Comma-separated values
    Csv,
}

/// Give every feature of a layer its object id, in a column of its own
///
/// Ids that are there are kept. From then on the store keeps them right while other programs
/// write: a pasted copy gets an id of its own, a new feature without one is given one.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  tiepoint untie tour.gpkg cities && tiepoint tie tour.gpkg cities
  tiepoint untie tour.gpkg countries && tiepoint tie tour.gpkg countries --key-field name

The second is for layers that nobody may alter, such as views: nothing of the layer is changed, and
a feature is the object that the value of the field names. With the same namespace elsewhere, in
an import with `--key-field` too, the same key is the same object. Each search for an id reads all
keys.")]
pub(crate) struct TieArgs {
    /// The store
    pub(crate) store: String,
    /// The layer [default: the one that the store's URL names]
    pub(crate) layer: Option<String>,
    /// The column for the ids, a new one or one that is there; `object_id`, or the one that the
    /// layer is tied by already, without
    #[arg(long, value_name = "NAME")]
    pub(crate) column: Option<String>,
    /// Make object ids from this field, whose values name the objects, in place of a column
    #[arg(long, value_name = "FIELD", conflicts_with_all = ["column", "replace_bad_ids"])]
    pub(crate) key_field: Option<String>,
    /// The UUID of the namespace in which keys are names [default: a new one]
    #[arg(long, value_name = "UUID", requires = "key_field")]
    pub(crate) key_namespace: Option<String>,
    /// Give new ids to features whose id is malformed, or shared with an older row
    #[arg(long)]
    pub(crate) replace_bad_ids: bool,
}

/// Remove everything of tiepoint's: triggers, side tables, and id columns that it added
///
/// The features themselves stay, but the objects they stood for are forgotten.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Example:
  tiepoint untie tour.gpkg cities")]
pub(crate) struct UntieArgs {
    /// The store
    pub(crate) store: String,
    /// The layer [default: the whole store]
    pub(crate) layer: Option<String>,
}

/// Look for what is wrong in a store, and mend it
///
/// Looks at object ids and what guards them, indexes, extents, geometries and the catalogue.
///
/// Exits with 1 if faults remain.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  tiepoint check tour.gpkg
  tiepoint check tour.gpkg --fix")]
pub(crate) struct CheckArgs {
    /// The store
    pub(crate) store: String,
    /// Mend what can be mended without losing anything
    #[arg(long)]
    pub(crate) fix: bool,
}

/// Do the whole job once, on a map of the world, in the current folder
///
/// Makes tour.gpkg and tour.geojson. A second tour makes its own two layers of tour.gpkg anew and
/// leaves everything else in it alone; files that no tour made are never touched.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Example:
  tiepoint tour")]
pub(crate) struct TourArgs {
    /// Be the program that the tour kills: edit, and wait.
    #[arg(long, hide = true)]
    pub(crate) edit_and_wait: bool,
}

/// Print a completion script for a shell
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Example:
  tiepoint completions bash > tiepoint.bash")]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}
