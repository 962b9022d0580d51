"""The training loop and what watches over it.

`session` is the loop. Beside it, a file each: when what is due (`schedule`), where a
run starts from (`resuming`, `fine_tuning`), what it writes (`run_record`,
`history_file`, `run_files`, `run_state`), what it makes of sounds that it has not
learned (`validation`, `listening`, `plateau`), what goes wrong (`watchdog`, `collapse`,
`diagnosis`) and who may run at all (`run_lock`, `interrupts`).
"""
