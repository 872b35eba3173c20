"""Lists of millions of clips on the cores or GPUs of several machines, by Ray Data.

    clip_source   rows of a list, read where there is room: Parquet, tars of WebDataset, any other list
    clip_fields   what such a row says of a clip
    clip_worker   the actor that holds an engine
    result_rows   the form of their results
    part_folder   the results, which a stopped run does not damage
    run           all of it together

Needs: pip install 'enunciate[ray]'.
"""
