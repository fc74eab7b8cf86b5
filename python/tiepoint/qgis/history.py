"""Telling a command that is done for the first time from one that is undone or redone."""

from qgis.PyQt import sip
from qgis.PyQt.QtWidgets import QUndoStack


class History:
    """What is on a layer's undo stack, as far as it was seen: Qt says where the stack is, not how it
    got there."""

    def __init__(self, stack: QUndoStack) -> None:
        self._commands = [_place(stack, at) for at in range(stack.count())]

    def is_new(self, stack: QUndoStack, index: int) -> bool:
        """Whether the stack got to this index by a command that was not on it before.

        Commands are told apart by where they are in memory: a new one is made before those that it
        takes the place of are deleted.
        """
        if not 0 < index <= stack.count():
            return False
        command = _place(stack, index - 1)
        if index <= len(self._commands) and self._commands[index - 1] == command:
            return False
        del self._commands[index - 1 :]
        missing = range(len(self._commands), index - 1)
        self._commands += [_place(stack, at) for at in missing]
        self._commands.append(command)
        return True


def _place(stack: QUndoStack, at: int) -> int:
    return int(sip.unwrapinstance(stack.command(at)))
