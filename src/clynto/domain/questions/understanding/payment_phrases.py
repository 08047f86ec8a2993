"""What is said of payments that were made, or never were, and of debts: phrases by the value of their tag."""

from __future__ import annotations

from collections.abc import Mapping

PAYMENT_PHRASES: Mapping[str, str] = {
    "last payment": (
        "last pay|last paid|pay last|paid last|last payment|latest payment|recent payment|most recent payment"
        "|newest payment"
    ),
    "received": (
        "payment|payment history|payments did we receive|payments did we get|payments were received|payments were made"
        "|payments made|payments do we have|received|receive|receiving|get paid|got paid"
        "|payment received|money received|amount received|revenue received|cash received|received in payments"
        "|total payments|payments in total|money came in|money come in|came in|come in|collected|collect|cash collected"
        "|total collected|payments collected|take in|took in|taken in|payments come in|payments came in"
    ),
    "never paid": (
        "never paid|never pay|never spent|never paid anything|never paid a thing|never paid a cent"
        "|never paid a single cent|never paid an invoice|never paid any invoice|never paid a single invoice"
        "|never paid a bill|never paid us"
        "|never paid us anything|never paid us a cent|never made a payment|never made any payment|not made any payment"
        "|not made a single payment|without any payment|without a payment|without a single payment|no payment ever"
        "|no lifetime value|zero lifetime value|lifetime value of zero|lifetime value zero|without lifetime value"
    ),
    "paying": "paying account|paying customer|paying client|active customer|active account|paying company",
    "not paying": (
        "without mrr|no mrr|zero mrr|mrr of zero|free account|free customer|non-paying account|non-paying customer"
        "|without any mrr|not paying us anything|not paying anything|not pay us anything|not pay anything|pay nothing"
        "|pays nothing|paying nothing|pay us nothing|pays us nothing|paying us nothing"
    ),
    "since when": "since when|how long|for how long|how long already",
    "a year": "a year|per year|each year|a yr|per yr",
    "was overdue": (
        "overdue at some time|overdue at any time|overdue at some point|overdue at any point|overdue at one point"
        "|overdue sometime"
    ),
    "owes nothing": (
        "owe nothing|owes nothing|owing nothing|owe us nothing|owes us nothing|nothing outstanding|nothing left to pay"
        "|nothing to pay|no debt|without debt|without any debt|no outstanding balance|no outstanding amount"
        "|no open balance|not owe|not owe anything|not owe us anything|not owe us|not owing anything|nothing owed"
        "|nothing due|no balance due"
        "|no unpaid invoice|no open invoice|without unpaid invoice|without open invoice|without any unpaid invoice"
        "|without any open invoice|without an unpaid invoice|without an open invoice|zero outstanding|debt free"
        "|debt-free"
    ),
    "unpaid": "unpaid|not paid|not been paid|unsettled|still open|not yet paid|have not paid|has not paid",
}
