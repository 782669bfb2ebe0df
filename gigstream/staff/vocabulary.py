from audit.log.action_registry import register_actions

register_actions(
    {
        "staff.add": "Member of staff added",
        "staff.add_second_factor": "Second factor added",
        "staff.change_email": "Email address of staff changed",
        "staff.change_password": "Password of staff changed",
        "staff.choose_password": "Password of staff chosen by code",
        "staff.edit": "Name of staff corrected",
        "staff.grant": "Access given to staff",
        "staff.new_recovery_codes": "Recovery codes made anew",
        "staff.replace_second_factor": "Second factor replaced",
        "staff.reset_access": "Access of staff reset",
        "staff.sign_in": "Staff signed in",
        "staff.sign_out": "Staff signed out",
        "staff.take_away": "Access taken from staff",
    }
)
