"""Ties in real QGIS, headless: every kind of layer, every operation, every known pitfall."""
