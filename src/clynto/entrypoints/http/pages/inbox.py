"""The inbox: churn signals, what became of them, and the look whether anything is new."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from clynto.application.queries.read_inbox import SignalShown, folded, whole_folds
from clynto.domain.roles import Role
from clynto.entrypoints.http.access import needs
from clynto.entrypoints.http.current import actor, services
from clynto.entrypoints.http.pages.presenters.inbox import InboxView, cards_of, putting_aside_id
from clynto.entrypoints.http.pages.sign_in import local_path
from clynto.entrypoints.http.pages.told import WayBack, tell
from clynto.ports.signals import InboxStatus

NEWS = "inbox-changed"

inbox_pages = Blueprint("inbox_pages", __name__)


@inbox_pages.get("/inbox")
@needs(Role.MEMBER)
def inbox() -> str:
    """Signals of one view, most pressing first."""
    view = InboxView.of(request.args)
    newest = services().inbox.read_inbox.newest_change(actor())
    page = services().inbox.read_inbox(actor(), view.query)
    rows: Sequence[SignalShown] = page.rows
    if view.cursor or page.next_cursor:
        rows = whole_folds(rows, services().inbox.read_inbox.folds(actor(), view.query, rows), view.order)
    cases = services().pages.read_signal_cases(actor(), [shown.stored for shown in rows])
    return render_template(
        "inbox/page.html",
        view=view,
        cards=cards_of(folded(rows, view.order), cases),
        signals=len(rows),
        all_stand_before=bool(page.rows) and not rows,
        counts=services().inbox.read_inbox.open_cards(actor(), view.order),
        # What only an empty inbox says is not asked for anywhere else.
        hears_at_once=not rows and services().webhooks.show_webhooks(actor()).configured,
        next_cursor=page.next_cursor,
        seen=newest or 0,
    )


@inbox_pages.get("/inbox/newest")
@needs(Role.MEMBER)
def newest() -> Response:
    """Tell an open page whether to look again."""
    changed = str(services().inbox.read_inbox.newest_change(actor()) or 0) != request.args.get("seen")
    return Response(status=200, headers={"HX-Trigger": NEWS}) if changed else Response(status=204)


@inbox_pages.post("/inbox/<signal_id>/dismiss")
@needs(Role.MEMBER)
def dismiss(signal_id: str) -> AnyResponse:
    """Put a signal aside, with the stages of its case that stand on its card."""
    here = local_path(request.form.get("here"))
    dismissed = services().inbox.dismiss_signal(actor(), _of_card(signal_id))
    if dismissed:
        tell("The signal was dismissed. You find it under Dismissed.", _way_back(dismissed, here))
    else:
        tell("The signal had been dismissed already. You find it under Dismissed.")
    return redirect(here, 303)


@inbox_pages.post("/inbox/<signal_id>/reopen")
@needs(Role.MEMBER)
def reopen(signal_id: str) -> AnyResponse:
    """Bring a signal back, with the stages of its case that stand on its card."""
    back, *_ = services().inbox.dismiss_signal.reopen(actor(), _of_card(signal_id))
    resolved = back.status is InboxStatus.RESOLVED
    tell(f"The signal is back.{' What it tells of is over: you find it under Resolved.' if resolved else ''}")
    # Without script the browser goes to the card, if the view holds it.
    return redirect(f"{local_path(request.form.get('here'))}#{back.id}", 303)


def _way_back(dismissed: Sequence[str], here: str) -> WayBack:
    first, *along = dismissed
    return WayBack(
        url_for("inbox_pages.reopen", signal_id=first),
        [("here", here), *(("with", one) for one in along)],
        then=putting_aside_id(first),
        part="inbox",
    )


def _of_card(signal_id: str) -> list[str]:
    return list(dict.fromkeys([signal_id, *request.form.getlist("with")]))
