-- Revert orders:orders_times_valid from pg
--
-- A constraint that was validated cannot be made otherwise, and need not be: the change before this one drops it.

SELECT;
