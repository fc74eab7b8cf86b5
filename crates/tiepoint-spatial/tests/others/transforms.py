"""Prints what EPSG's registry, as PROJ brings it, says of each CRS: its code, how many metres its
unit is (or "degrees"), and one of its areas of use: west, south, east, north."""
import sqlite3
import sys

AREAS = """
with horizontal(code, system) as (
    select code, coordinate_system_code from projected_crs where auth_name = 'EPSG'
    union select code, coordinate_system_code from geodetic_crs
        where auth_name = 'EPSG' and type like 'geographic%'
), crs(code, system) as (
    select * from horizontal
    union select compound_crs.code, system from compound_crs
        join horizontal on horizontal.code = horiz_crs_code
        where auth_name = 'EPSG' and horiz_crs_auth_name = 'EPSG'
)
select distinct crs.code, unit.type, unit.conv_factor,
    extent.west_lon, extent.south_lat, extent.east_lon, extent.north_lat
from crs
join axis on axis.coordinate_system_auth_name = 'EPSG'
    and axis.coordinate_system_code = crs.system and axis.coordinate_system_order = 1
join unit_of_measure unit on unit.auth_name = axis.uom_auth_name and unit.code = axis.uom_code
join usage on usage.object_auth_name = 'EPSG' and usage.object_code = crs.code
    and usage.object_table_name in ('projected_crs', 'geodetic_crs', 'compound_crs')
join extent on extent.auth_name = usage.extent_auth_name and extent.code = usage.extent_code
where extent.west_lon is not null
"""

for code, kind, metres, *area in sqlite3.connect(sys.argv[1]).execute(AREAS):
    print(code, "degrees" if kind == "angle" else metres, *area)
