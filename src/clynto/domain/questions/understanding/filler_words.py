"""Words that say nothing of what is asked for, as people put them around it."""

from __future__ import annotations

FILLERS = """
a an the of for to is are was were be been being am do does did done have has had having that who's whose at in on from
with and or please can could would you me us tell give i want need like know see find what which's there as it's hi wat
hello hey larry so just right now currently today's present moment currently by their's than then also any some each's
get got make made up amount value figure number stand standing much how shall should let my mine due's out's into
current happening going run running use uses using customer's sort sorted ranked ordered order thanks thank kindly
about's one those these ones look looks first's money per month's this's being's when again still already yet
honestly actually hell heck damn bloody fucking shit dude mate guys pls plz btw asap r u ya rn quick anything something
anybody anyone somebody help ok okay great mo w brings bring comes worth
"""
