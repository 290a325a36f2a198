# What the checks of this folder say is wrong, and how much it is: errors.

set(errors 0)
function(error text)
  message(SEND_ERROR "${text}")
  math(EXPR errors "${errors} + 1")
  set(errors ${errors} PARENT_SCOPE)
endfunction()
