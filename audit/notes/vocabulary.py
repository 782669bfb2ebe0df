from audit.log.action_registry import register_actions

register_actions(
    {
        "assignment.assign": "Assigned",
        "assignment.reassign": "Assigned to another",
        "assignment.set_due": "Due date of an assignment changed",
        "assignment.set_state": "State of an assignment changed",
        "note.download_file": "File of a note downloaded",
        "note.write": "Note written",
    }
)
