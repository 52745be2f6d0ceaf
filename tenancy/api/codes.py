"""Every code a program can meet, with its title: one table for answers, the OpenAPI description and the documentation."""

TITLES: dict[str, str] = {
    # the request could not be read
    "malformed_body": "The body could not be read",
    "unsupported_media_type": "This media type is not read here",
    "length_required": "The length of the body is not said",
    "body_too_large": "The body is too large",
    "not_acceptable": "This media type is not written here",
    # who asks
    "not_authenticated": "A token is needed",
    "token_refused": "The token does not work",
    "missing_scope": "The token lacks a scope",
    "not_allowed": "Your organisation may not do this",
    # what is asked for
    "not_found": "Not found",
    "method_not_allowed": "This address does not take this method",
    # fields and parameters
    "required": "A value is missing",
    "blank": "A value is empty",
    "too_long": "A value is too long",
    "wrong_type": "A value has the wrong type",
    "not_a_choice": "A value is not one of those known",
    "bad_character": "A value has characters that can not be stored",
    "unknown_field": "There is no such field",
    "read_only": "This field can not be set",
    "not_for_this_action": "This field does not belong to the action",
    "unknown_parameter": "There is no such parameter",
    "repeated_parameter": "A parameter was given twice",
    "bad_cursor": "The cursor was not made for this list",
    "unknown_customer": "Unknown customer",
    "unknown_component": "Unknown component",
    "unknown_site": "Unknown site",
    "unknown_assignee": "Unknown person",
    "unknown_ticket": "Unknown ticket",
    # files
    "bad_file": "The file was not accepted",
    "file_too_large": "The file is too large",
    "too_many_files": "Too many files",
    # idempotency and versions
    "bad_idempotency_key": "The idempotency key can not be used",
    "idempotency_key_reused": "The idempotency key was used for another request",
    "version_required": "Say which version you read",
    "stale": "Someone changed it meanwhile",
    "conflict": "Someone did the same at the same moment",
    # deeds that can not be done now
    "cannot_file": "The ticket can not be filed like this",
    "cannot_reply": "No message can be added",
    "newer_message": "Somebody wrote meanwhile",
    "cannot_move": "The ticket can not be moved like this",
    "cannot_merge": "The tickets can not be merged",
    "cannot_assign": "The ticket can not be given to this person",
    "cannot_decide": "It can not be decided like this",
    "clock_runs": "A promise runs already",
    "cannot_propose": "This severity can not be proposed",
    "cannot_answer": "The proposal can not be answered",
    # too much, and our own trouble
    "too_many_requests": "Too many requests",
    "busy": "Somebody else is changing the same thing",
    "too_slow": "This took too long",
    "unavailable": "Try again shortly",
    "server_error": "Something went wrong on our side",
}
