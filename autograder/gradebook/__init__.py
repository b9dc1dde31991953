"""Where nbgrader meets the grader: five extension points that ``nbgrader_config.py`` names, and a
whole class at once.

    Autograde.exporter_class            SubmissionExporter   hands on the file, reads nothing: no submission can break it
    Autograde.sanitize_preprocessors    [Rebuild]            the notebook that runs, from the release and the answers
    Autograde.autograde_preprocessors   [Judge, SaveScores, Reasons, AssignLatePenalties]
    Autograde.pre_convert_hook          accept_renamed       a notebook handed in under another name is still graded
    GenerateFeedback.exporter_class     FeedbackExporter     the same page in a third of the time

Everything else of nbgrader works on as it is: its gradebook, Formgrader, feedback, export.
"""
