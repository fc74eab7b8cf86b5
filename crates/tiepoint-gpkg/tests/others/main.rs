//! What other programs make of our files, and we of theirs: GDAL, its validator, QGIS, and
//! Python's sqlite3.
mod plots;
mod qgis;
mod reading;
mod session;
mod tied;
mod tools;
mod watched;
mod written;
