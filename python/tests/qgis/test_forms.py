"""Objects of features that people add and edit in QGIS's own forms."""

import unittest
from typing import Any

from .tied import Tied, TiesTest

from qgis.core import QgsFeature, QgsGeometry, QgsVectorLayerUtils
from qgis.gui import QgsAttributeEditorContext, QgsAttributeForm, QgsGui

from . import edits, kinds

KINDS = ("memory", "gpkg", "gpkg-none", "shp", "spatialite", "postgres-int")


class Forms(TiesTest):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        QgsGui.editorWidgetRegistry().initEditors()

    def test_a_feature_that_is_added_gets_its_id_in_the_same_step(self) -> None:
        for kind in KINDS:
            with self.subTest(kind):
                it = self.tied(kind)
                it.layer.startEditing()
                form = QgsAttributeForm(it.layer, self._drawn(it))
                form.setMode(QgsAttributeEditorContext.AddFeatureMode)
                self.assertTrue(form.save())
                self.assertEqual(it.layer.undoStack().count(), 1)
                it.right()
                self.assertEqual(it.carried(9), it.ties.object_id(it.thing(9)))
                self.assertEqual(it.layer.undoStack().count(), 1)
                it.undo()
                it.right()
                it.redo()
                it.commit()
                it.right()

    def test_a_feature_that_is_edited_keeps_its_object(self) -> None:
        for kind in KINDS:
            with self.subTest(kind):
                it = self.tied(kind)
                it.layer.startEditing()
                form = QgsAttributeForm(it.layer, it.row(1))
                form.setMode(QgsAttributeEditorContext.SingleEditMode)
                form.changeAttribute(kinds.NAME, "renamed")
                self.assertTrue(form.save())
                self.assertEqual(it.row(1)[kinds.NAME], "renamed")
                it.right()
                it.commit()
                it.right()

    def test_one_id_is_written_to_many_and_restored(self) -> None:
        for kind in KINDS:
            with self.subTest(kind):
                it = self.tied(kind)
                it.layer.startEditing()
                form: Any = QgsAttributeForm(it.layer)
                form.setMode(QgsAttributeEditorContext.MultiEditMode)
                form.setMultiEditFeatureIds([it.fid(1), it.fid(2)])
                form.changeAttribute(kinds.IDENTITY, kinds.uuid_of(3))
                self.assertTrue(form.save())
                self.assertEqual([it.carried(n) for n in (1, 2)], [kinds.uuid_of(3)] * 2)
                it.right()
                self.assertEqual([it.carried(n) for n in (1, 2)], [kinds.uuid_of(n) for n in (1, 2)])
                it.commit()
                it.right()

    def _drawn(self, it: Tied) -> QgsFeature:
        """A feature as the tool that draws it hands it to the form."""
        where = kinds.square(9) if it.layer.isSpatial() else QgsGeometry()
        values = {edits.field(it.layer, kinds.SECRET): 9}
        return QgsVectorLayerUtils.createFeature(it.layer, where, values)


if __name__ == "__main__":
    unittest.main()
